package lock

import (
	"context"
	"time"

	"datapunk/kv"
)

// An owner that outwaits others waits until each has ended the transaction it is in,
// and takes nothing: others pass meanwhile. Deadlock detection follows these waits
// like any other.

// outwaited is a transaction that is waited for: its owner, and how many that had
// ended before.
type outwaited struct {
	owner *Owner
	era   uint64
}

func (x outwaited) over() bool { return x.owner.era.Load() != x.era }

// outwaiting is what one owner waits for now.
type outwaiting struct {
	list  []outwaited
	since int64
}

// Polls double from the first to the last.
const firstPoll, lastPoll = time.Millisecond, 50 * time.Millisecond

// OutwaitHolders waits until every transaction of others that now holds a mode on the
// object which conflicts with mode is over.
func (o *Owner) OutwaitHolders(ctx context.Context, id kv.ObjectID, mode kv.Mode, wait kv.Wait) error {
	hash := relationHash(id)
	key := appendRelation(nil, id)
	modes := conflict[kv.RelationLock][mode]
	return o.outwait(ctx, wait, func(x *Owner) bool { return x.holds(id, hash, key, modes) })
}

// OutwaitSnapshots waits until no transaction of others reads a snapshot below ts.
func (o *Owner) OutwaitSnapshots(ctx context.Context, ts kv.Timestamp, wait kv.Wait) error {
	return o.outwait(ctx, wait, func(x *Owner) bool {
		snap := x.reads()
		return snap != 0 && snap < ts
	})
}

// holds tells whether the owner holds one of the modes, by either path.
func (o *Owner) holds(id kv.ObjectID, hash uint64, key []byte, modes uint16) bool {
	o.fast.Lock()
	defer o.fast.Unlock() // as moveFast does: nothing is between the paths
	for i := range o.fast.used {
		if s := &o.fast.slots[i]; s.object == id && uint16(s.mask)&modes != 0 {
			return true
		}
	}
	sh := o.t.shard(hash)
	sh.Lock()
	defer sh.Unlock()
	if obj := sh.find(hash, key); obj != nil {
		h := obj.holder(o)
		return h != nil && h.mask&modes != 0
	}
	return false
}

// outwait waits for those who are busy now until each is not, or in its next
// transaction.
func (o *Owner) outwait(ctx context.Context, wait kv.Wait, busy func(*Owner) bool) error {
	x := &outwaiting{since: o.t.opts.Clock.Now().UnixMilli()}
	for _, other := range *o.t.owners.list.Load() {
		if era := other.era.Load(); other != o && busy(other) {
			x.list = append(x.list, outwaited{other, era})
		}
	}
	if len(x.list) == 0 {
		return nil
	}
	o.outwaits.Store(x)
	defer o.outwaits.Store(nil)
	var limit <-chan time.Time
	if wait.Timeout > 0 {
		c, stop := o.t.opts.Clock.After(time.Duration(wait.Timeout) * time.Millisecond)
		defer stop()
		limit = c
	}
	next, stop := o.t.opts.Clock.After(o.t.opts.DeadlockAfter)
	defer func() { stop() }()
	poll := time.NewTimer(firstPoll)
	defer poll.Stop()
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return kv.ErrLockTimeout
		case <-next:
			if cycle := o.t.detect(o); cycle != nil {
				o.t.deadlocks.Add(1)
				return &kv.DeadlockError{Cycle: cycle}
			}
			next, stop = o.t.opts.Clock.After(deadlockMax)
		case <-poll.C:
			for len(x.list) > 0 && (x.list[0].over() || !busy(x.list[0].owner)) {
				x = &outwaiting{list: x.list[1:], since: x.since}
			}
			if len(x.list) == 0 {
				return nil
			}
			o.outwaits.Store(x)
			poll.Reset(pause)
		}
	}
}
