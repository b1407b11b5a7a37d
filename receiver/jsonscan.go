package receiver

import "transfer/g/metric"

// scanJSONRequest reads a request of the usual shape in one pass: keys as they are
// written, each once, the id a number, one array of points. It returns the request's
// length. It returns 0 when there is anything else in it or it is not whole: then the
// batch is to be emptied, and cut says whether it may be of the usual shape once more
// of it has come; if not, readJSONRequest is to say what it is.
//
// The request and its points alias text. read is the JSONScanner's.
func scanJSONRequest(text []byte, batch *metric.Batch, limit int, read *metric.PointsRead) (q jsonRequest, n int, cut bool) {
	s := metric.NewJSONScanner(text)
	params := false
	if !s.Skip('{') {
		return q, 0, s.Cut()
	}
	for {
		key, ok := s.String()
		if !ok || !s.Skip(':') {
			return q, 0, s.Cut()
		}
		switch {
		case key == "method" && q.method == "":
			q.method, ok = s.String()
		case key == "params" && !params:
			params = true
			ok = s.Skip('[') && s.Points(batch, limit, read) && s.Skip(']')
		case key == "id" && q.id == "":
			q.id, ok = s.Integer()
		default:
			return q, 0, false
		}
		switch {
		case !ok:
			return q, 0, s.Cut()
		case s.Skip(','):
		case !s.Skip('}'):
			return q, 0, s.Cut()
		case q.id == "" || len(batch.Points) == 0:
			return q, 0, false
		default:
			return q, s.At(), false
		}
	}
}
