package window

import (
	"math"

	"datapunk/internal/pgerr"
	"datapunk/sql/eval"
	"datapunk/sql/expr"
	"datapunk/sql/function"
	"datapunk/sql/logical"
	"datapunk/types/vector"
)

// frames finds each row's frame.
type frames struct {
	function.Frame
	w          *Window
	keys       keys   // of the order
	peers      *group // of the row
	start, end int64  // offsets of ROWS and GROUPS
	// Ends that an offset decides: GROUPS walks to a group, RANGE to a value.
	startGroup, endGroup *group
	startValue, endValue *edge
	parts                [3][2]int
}

// newFrames computes the offsets.
func newFrames(w *Window) (*frames, error) {
	f := &frames{w: w}
	frame := &w.node.Frame
	var order []expr.Expr
	for _, o := range w.node.Order {
		order = append(order, o.Expr)
	}
	f.keys = newKeys(w.layout.partition, order)
	f.peers = newGroup(w, &f.keys)
	if frame.Mode == logical.Groups {
		f.startGroup, f.endGroup = newGroup(w, &f.keys), newGroup(w, &f.keys)
	}
	var value *vector.Vector
	var err error
	if f.start, value, err = offset(w.start, frame.Mode, "starting"); err != nil {
		return nil, err
	}
	if value != nil {
		if f.startValue, err = newEdge(w, value, true); err != nil {
			return nil, err
		}
	}
	if f.end, value, err = offset(w.end, frame.Mode, "ending"); err != nil {
		return nil, err
	}
	if value != nil {
		f.endValue, err = newEdge(w, value, false)
	}
	return f, err
}

// offset computes an offset: for RANGE a value, else a number.
func offset(e *eval.Eval, mode logical.FrameMode, what string) (int64, *vector.Vector, error) {
	if e == nil {
		return 0, nil, nil
	}
	v, err := e.Value()
	if err != nil {
		return 0, nil, err
	}
	if v.Null(0) {
		return 0, nil, pgerr.Newf(pgerr.NullValueNotAllowed, "frame %s offset must not be null", what)
	}
	if mode == logical.Range {
		return 0, v, nil
	}
	n := vector.Of[int64](v)[0]
	if n < 0 {
		return 0, nil, pgerr.Newf(pgerr.InvalidPrecedingOrFollowingSize, "frame %s offset must not be negative", what)
	}
	return min(n, math.MaxInt32), nil, nil
}

// begin begins a partition.
func (f *frames) begin() {
	f.Frame = function.Frame{}
	for _, g := range []*group{f.peers, f.startGroup, f.endGroup} {
		if g != nil {
			g.begin()
		}
	}
	for _, e := range []*edge{f.startValue, f.endValue} {
		if e != nil {
			e.begin()
		}
	}
}

// of finds a row's frame; rows come in order.
func (f *frames) of(row int) (*function.Frame, error) {
	f.Row = row
	frame, n := &f.w.node.Frame, f.w.rows.Len()
	fresh := row == f.peers.end
	if fresh {
		if _, err := f.peers.next(); err != nil {
			return nil, err
		}
		f.Group, f.Peer, f.PeerEnd = f.peers.number, f.peers.first, f.peers.end
	}
	if frame.Mode == logical.RowsMode {
		f.Start, f.End = f.rowBound(frame.Start, f.start, 0), f.rowBound(frame.End, f.end, 1)
	} else if fresh {
		// Peers have one frame.
		var err error
		if f.Start, err = f.groupBound(frame.Start, f.start, f.startGroup, f.startValue, false); err != nil {
			return nil, err
		}
		if f.End, err = f.groupBound(frame.End, f.end, f.endGroup, f.endValue, true); err != nil {
			return nil, err
		}
	}
	f.Start = max(0, min(f.Start, n))
	f.End = max(f.Start, min(f.End, n))
	f.exclude()
	return &f.Frame, nil
}

// rowBound is one end of a ROWS frame; after is 1 for the end, which lies behind its last
// row.
func (f *frames) rowBound(b logical.Bound, offset int64, after int) int {
	switch b {
	case logical.UnboundedPreceding:
		return 0
	case logical.Preceding:
		return f.Row - int(offset) + after
	case logical.CurrentRow:
		return f.Row + after
	case logical.Following:
		return f.Row + int(offset) + after
	}
	return f.w.rows.Len()
}

// groupBound is one end of a RANGE or GROUPS frame: the first row of a peer group, or
// that after its last.
func (f *frames) groupBound(b logical.Bound, offset int64, g *group, value *edge, after bool) (int, error) {
	switch b {
	case logical.UnboundedPreceding:
		return 0, nil
	case logical.UnboundedFollowing:
		return f.w.rows.Len(), nil
	case logical.CurrentRow:
		if after {
			return f.PeerEnd, nil
		}
		return f.Peer, nil
	case logical.Preceding:
		offset = -offset
	}
	if value != nil {
		return value.of(f.Row)
	}
	number := f.Group + int(offset)
	if number < 0 {
		return 0, nil
	}
	there, err := g.to(number)
	switch {
	case !there || err != nil:
		return f.w.rows.Len(), err
	case after:
		return g.end, nil
	}
	return g.first, nil
}

// exclude finds the parts of the frame.
func (f *frames) exclude() {
	f.Parts = f.parts[:0]
	switch f.w.node.Frame.Exclude {
	case logical.ExcludeCurrent:
		f.part(f.Start, min(f.End, f.Row))
		f.part(max(f.Start, f.Row+1), f.End)
	case logical.ExcludeGroup:
		f.part(f.Start, min(f.End, f.Peer))
		f.part(max(f.Start, f.PeerEnd), f.End)
	case logical.ExcludeTies:
		f.part(f.Start, min(f.End, f.Peer))
		f.part(max(f.Start, f.Row), min(f.End, f.Row+1))
		f.part(max(f.Start, f.PeerEnd), f.End)
	default:
		f.part(f.Start, f.End)
	}
}

func (f *frames) part(from, to int) {
	if from < to {
		f.Parts = append(f.Parts, [2]int{from, to})
	}
}
