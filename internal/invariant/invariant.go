// Package invariant holds checks that are too dear for every run: they are
// compiled in under the build tag invariants, and vanish without it.
//
//	if invariant.Enabled { invariant.Check(sorted(keys), "keys out of order") }
//
// Invariants: a check never changes state, and a failed one never returns.
package invariant

// Check panics with the message unless ok holds.
func Check(ok bool, message string) {
	if Enabled && !ok {
		panic("invariant: " + message)
	}
}
