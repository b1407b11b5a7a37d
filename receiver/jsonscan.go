package receiver

import "transfer/g/metric"

// scanJSONRequest reads a request of the usual shape in one pass: keys as they are
// written, each once, the id a number, one array of points. It returns the
// request's length, and 0 when there is anything else in it or it is not whole:
// then readJSONRequest is to say what it is, and the batch is to be emptied.
//
// The request and its points alias text.
func scanJSONRequest(text []byte, batch *metric.Batch, limit int) (q jsonRequest, n int) {
	s := metric.NewJSONScanner(text)
	if !s.Skip('{') {
		return q, 0
	}
	for {
		key, ok := s.String()
		if !ok || !s.Skip(':') {
			return q, 0
		}
		switch {
		case key == "method" && q.method == "":
			q.method, ok = s.String()
		case key == "params" && len(batch.Points) == 0:
			ok = s.Skip('[') && s.Points(batch, limit) && s.Skip(']')
		case key == "id" && q.id == "":
			q.id, ok = s.Integer()
		default:
			return q, 0
		}
		switch {
		case !ok:
			return q, 0
		case s.Skip(','):
		case s.Skip('}') && q.id != "" && len(batch.Points) > 0:
			return q, s.At()
		default:
			return q, 0
		}
	}
}
