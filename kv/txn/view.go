package txn

import (
	"context"

	"datapunk/kv"
	"datapunk/kv/mvcc"
)

// view is kv.View; views are reused within their transaction's session.
type view struct {
	t       *txn
	snap    kv.Timestamp
	command uint32
	open    bool
}

func (v *view) Snapshot() kv.Timestamp { return v.snap }

func (v *view) Get(ctx context.Context, key []byte) ([]byte, bool, error) {
	t := v.t
	if len(t.buf.nodes) > 0 {
		if n := t.buf.find(key); n != noNode {
			if o := t.buf.seen(n, v.command); o != nil {
				if o.flags&mvcc.Deleted != 0 {
					return nil, false, nil
				}
				return cloneBytes(t.buf.value(o)), true, nil
			}
		}
	}
	if len(t.runs) > 0 {
		f, err := t.s.db.set.Reader.Get(key, v.sight())
		if err != nil || !f.OK || f.Flags&mvcc.Deleted != 0 {
			return nil, false, err
		}
		return f.Value, true, nil
	}
	flags, value, _, ok, err := t.s.db.set.Get(key, v.snap)
	if err != nil || !ok || flags&mvcc.Deleted != 0 {
		return nil, false, err
	}
	return value, true, nil
}

func (v *view) sight() mvcc.Sight {
	s := mvcc.Sight{Snapshot: v.snap, Command: v.command}
	if len(v.t.runs) > 0 {
		s.Owner = v.t.owner()
	}
	return s
}

func (v *view) Scan(span kv.Span, opts kv.ScanOptions) kv.Scanner {
	return newScanner(v.t, span, opts, v.snap, v.command)
}

func (v *view) Changed(l kv.Latest) bool {
	if l.Own {
		return l.Command >= v.command
	}
	return l.Version > v.snap
}

func (v *view) Close() {
	if !v.open {
		return
	}
	v.open = false
	v.t.pinned--
	v.t.s.leave()
}

// LatestScan reads the newest applied version of each key.
func (t *txn) LatestScan(span kv.Span, opts kv.ScanOptions) kv.Scanner {
	s := newScanner(t, span, opts, mvcc.All, noLimit)
	// A view keeps the horizon where it is, so that what is read stays.
	pin := t.takeView()
	pin.snap, pin.command, pin.open = t.s.enter(), t.command, true
	t.pinned++
	s.pin = pin
	return s
}
