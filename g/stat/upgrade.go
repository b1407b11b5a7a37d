package stat

// Upgrade is what became of the upgrades that were asked for. One that succeeds is not
// told of: the answer comes from another process.
type Upgrade struct {
	Process  int    `json:"process"`  // the id of the one that answers
	Attempts int    `json:"attempts"` // that were begun
	Running  bool   `json:"running"`  // the last of them is under way
	Error    string `json:"error"`    // why the one before it failed; empty: none did
}
