package metric

// jsonValues are where the values of one point stand in the text, quotes included,
// in the order in which they came.
type jsonValues struct {
	from, to int // of the point itself
	spans    [numFields]jsonSpan
	n        int
	seen     uint // the fields, a bit each
	repeated bool // a field came more than once
}

type jsonSpan struct {
	field    field
	from, to int
}

func (v *jsonValues) add(span jsonSpan) {
	if v.has(span.field) {
		v.repeated = true
		return
	}
	v.seen |= 1 << span.field
	v.spans[v.n] = span
	v.n++
}

func (v *jsonValues) has(f field) bool { return v.seen>>f&1 != 0 }

// scanPoint reads the point that begins at text[at] into p, notes its values and
// returns the place behind it. A point that has no value is left to ReadJSON, which
// knows the reason to refuse it.
func scanPoint(text string, at int, p *Point, values *jsonValues) (after int) {
	if at == len(text) || text[at] != '{' {
		return lacking(text, at)
	}
	values.from = at
	for {
		f, from := scanKey(text, space(text, at+1))
		if from < 0 {
			return from
		}
		to := scanField(text, from, f, p)
		if to < 0 {
			return to
		}
		values.add(jsonSpan{f, from, to})
		at = space(text, to)
		if at < len(text) && text[at] == ',' {
			continue
		}
		if at == len(text) || text[at] != '}' || !values.has(valueField) {
			return lacking(text, at)
		}
		values.to = at + 1
		return values.to
	}
}

// scanKey reads the key at text[at] and its colon and returns the place of its
// value.
func scanKey(text string, at int) (f field, value int) {
	key, at := scanString(text, at)
	if at < 0 {
		return f, at
	}
	switch key {
	case "endpoint":
		f = endpointField
	case "metric":
		f = metricField
	case "counterType":
		f = typeField
	case "value":
		f = valueField
	case "step":
		f = stepField
	case "tags":
		f = tagsField
	case "timestamp":
		f = timestampField
	default:
		return f, unusual
	}
	at = space(text, at)
	if at == len(text) || text[at] != ':' {
		return f, lacking(text, at)
	}
	return f, space(text, at+1)
}

// scanField reads the value at text[at] of the field f into p and returns the place
// behind it.
func scanField(text string, at int, f field, p *Point) (after int) {
	switch f {
	case endpointField:
		p.Endpoint, after = scanString(text, at)
	case metricField:
		p.Metric, after = scanString(text, at)
	case typeField:
		var name string
		name, after = scanString(text, at)
		p.Type = ParseCounterType(name)
	case valueField:
		p.Value, after = scanValue(text, at)
	case stepField:
		p.Step, after = scanInteger(text, at)
	case tagsField:
		p.RawTags, after = scanString(text, at)
	case timestampField:
		p.Timestamp, after = scanInteger(text, at)
	}
	return after
}
