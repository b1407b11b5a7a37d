//go:build race

package trial

// raceEnabled reports whether tests and relay look for races, which takes memory.
const raceEnabled = true
