// Package handover lets a process start its successor and give it what it listens on,
// in two stages, and take it back as long as the successor has not taken over.
//
// The successor inherits one end of a socket pair as descriptor 3 and the listeners as
// 4, 5 and so on. The variable TRANSFER_HANDOVER in its environment says that they are
// there. Over the socket pair go lines:
//
//	from      line          it means
//	old       the Estate    what there is to take over, one line of JSON, at once
//	new       validated     the new one could run: its configuration is good, its ports are bound
//	old       released      the old one reads no listener and the data directory is free
//	new       accepting     the new one reads the listeners: the old one may go
//	new       failed WHY    in place of any of its lines; then it ends
//
// Whoever meets the end of the stream instead of a line knows that the other one is
// gone. How long to wait for a line is the caller's to decide.
package handover
