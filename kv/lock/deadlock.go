package lock

import (
	"slices"

	"datapunk/kv"
)

// edge is why one owner waits for another: it holds the object or is outwaited (hard),
// or stands ahead in its queue (soft).
type edge struct {
	from, to *Owner
	soft     bool
}

// blockers calls fn for whom w waits for; every shard must be locked, or w's.
func (w *waiter) blockers(fn func(edge) bool) {
	if x := w.owner.outwaits.Load(); x != nil {
		for _, other := range x.list {
			if !other.over() && !fn(edge{w.owner, other.owner, false}) {
				return
			}
		}
	}
	obj := w.obj
	if obj == nil {
		return
	}
	c := conflict[obj.kind()][w.mode]
	for i := range obj.holders {
		h := &obj.holders[i]
		if h.owner != w.owner && h.mask&c != 0 && !fn(edge{w.owner, h.owner, false}) {
			return
		}
	}
	for _, q := range obj.queue {
		if q == w {
			return
		}
		if c&(1<<q.mode) != 0 && !fn(edge{w.owner, q.owner, true}) {
			return
		}
	}
}

// detect looks for a cycle through the owner. A cycle that exists only because
// of the order of a queue is undone by letting a waiter pass; otherwise the
// owner leaves its queue and the cycle is returned.
func (t *Table) detect(o *Owner) []kv.LockInfo {
	for i := range t.shards {
		t.shards[i].Lock()
	}
	defer func() {
		for i := range t.shards {
			t.shards[i].Unlock()
		}
	}()
	for range softTries {
		cycle := findCycle(o)
		if cycle == nil {
			return nil
		}
		if !relax(cycle) {
			break
		}
	}
	cycle := findCycle(o)
	if cycle == nil {
		return nil
	}
	infos := make([]kv.LockInfo, len(cycle))
	for i, e := range cycle {
		q := &e.from.wait
		infos[i] = kv.LockInfo{Session: e.from.id, XID: kv.XID(e.from.xid.Load()), Since: q.since}
		if q.obj == nil {
			infos[i].Kind, infos[i].Mode, infos[i].Blocker = kv.TransactionLock, kv.ShareMode, e.to.id
			continue
		}
		q.obj.describe(&infos[i], q.mode)
	}
	if obj := o.wait.obj; obj != nil {
		obj.remove(&o.wait)
		obj.wake()
		t.shard(obj.hash).drop(obj)
	}
	return infos
}

func findCycle(o *Owner) []edge {
	seen := map[*Owner]bool{}
	var path []edge
	var walk func(x *Owner) bool
	walk = func(x *Owner) (found bool) {
		x.wait.blockers(func(e edge) bool {
			if e.to == o {
				path = append(path, e)
				found = true
				return false
			}
			if seen[e.to] {
				return true
			}
			seen[e.to] = true
			path = append(path, e)
			if walk(e.to) {
				found = true
				return false
			}
			path = path[:len(path)-1]
			return true
		})
		return found
	}
	if walk(o) {
		return path
	}
	return nil
}

// relax moves the waiter of one soft edge ahead of whom it waits for.
func relax(cycle []edge) bool {
	for _, e := range cycle {
		if !e.soft {
			continue
		}
		w := &e.from.wait
		obj := w.obj
		to := slices.IndexFunc(obj.queue, func(q *waiter) bool { return q.owner == e.to })
		if to < 0 {
			continue
		}
		obj.remove(w)
		obj.insert(w, to)
		obj.wake()
		return true
	}
	return false
}

// Locks lists what is held and awaited.
func (t *Table) Locks() []kv.LockInfo {
	var out []kv.LockInfo
	for i := range t.shards {
		sh := &t.shards[i]
		sh.Lock()
		for _, obj := range sh.objects {
			for ; obj != nil; obj = obj.next {
				for _, h := range obj.holders {
					for m := uint8(1); m <= 8; m++ {
						if h.mask&(1<<m) != 0 {
							info := kv.LockInfo{Session: h.owner.id, XID: kv.XID(h.owner.xid.Load()), Granted: true}
							obj.describe(&info, m)
							out = append(out, info)
						}
					}
				}
				for _, w := range obj.queue {
					info := kv.LockInfo{Session: w.owner.id, XID: kv.XID(w.owner.xid.Load()), Since: w.since}
					obj.describe(&info, w.mode)
					out = append(out, info)
				}
			}
		}
		sh.Unlock()
	}
	for _, o := range *t.owners.list.Load() {
		if x := o.outwaits.Load(); x != nil {
			out = append(out, kv.LockInfo{Session: o.id, XID: kv.XID(o.xid.Load()), Kind: kv.TransactionLock, Mode: kv.ShareMode, Since: x.since, Blocker: x.list[0].owner.id})
		}
		o.fast.Lock()
		for i := 0; i < o.fast.used; i++ {
			s := &o.fast.slots[i]
			for m := kv.AccessShare; m <= kv.RowExclusive; m++ {
				if s.mask&(1<<m) != 0 {
					out = append(out, kv.LockInfo{Session: o.id, XID: kv.XID(o.xid.Load()), Kind: kv.RelationLock,
						Object: s.object, Mode: m, Granted: true, FastPath: true})
				}
			}
		}
		o.fast.Unlock()
	}
	return out
}

// BlockedBy returns the sessions that stop one.
func (t *Table) BlockedBy(id kv.SessionID) []kv.SessionID {
	var out []kv.SessionID
	for _, o := range *t.owners.list.Load() {
		if o.id != id {
			continue
		}
		for i := range t.shards {
			t.shards[i].Lock()
		}
		o.wait.blockers(func(e edge) bool {
			if !slices.Contains(out, e.to.id) {
				out = append(out, e.to.id)
			}
			return true
		})
		for i := range t.shards {
			t.shards[i].Unlock()
		}
	}
	return out
}
