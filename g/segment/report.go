package segment

// Report says what Open found in the directory beside sound segments. Nothing of it
// is ever deleted by the log, but what Drop removes.
type Report struct {
	Findings []Finding
}

// Finding is one file that is not as it should be.
type Finding struct {
	Name   string // in the log's directory
	Bytes  int64
	Reason Reason
	Detail string // for a person; may be empty
}

// Reason says what is wrong with a file.
type Reason string

// Reasons. Of the first three the log touches nothing: they are no segments of it.
const (
	// UnknownFile is no file of a log.
	UnknownFile Reason = "unknown file"
	// OtherOwner is a segment that belongs to the log of another owner.
	OtherOwner Reason = "belongs to another owner"
	// Misnamed is a segment under another one's name.
	Misnamed Reason = "misnamed"
	// BadHeader is a segment both copies of whose header are bad: damaged, or of a
	// later version. Readers pass it over and count its points as lost.
	BadHeader Reason = "bad header"
	// OtherEncoding is a segment whose encoding the owner does not know. Readers
	// pass it over; its points do not count as lost.
	OtherEncoding Reason = "other encoding"
	// OneHeader is a segment one copy of whose header is bad. It costs nothing.
	OneHeader Reason = "one of two headers is bad"
	// Unreadable is a segment in which the search for the log's end met with I/O
	// errors.
	Unreadable Reason = "cannot be read"
)

func (r *Report) add(name string, bytes int64, reason Reason, detail string) {
	r.Findings = append(r.Findings, Finding{Name: name, Bytes: bytes, Reason: reason, Detail: detail})
}
