package op

import "sync/atomic"

// Overtaken counts the rows that another transaction changed while their locks were
// awaited under READ COMMITTED, since the start of a node.
type Overtaken struct {
	Rechecked atomic.Int64 // looked at again as they are now
	Followed  atomic.Int64 // under the key to which they had moved
	Retried   atomic.Int64 // gone: ON CONFLICT inserts after all
}
