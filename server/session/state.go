package session

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"

	"datapunk/catalog/desc"
	"datapunk/catalog/privilege"
	"datapunk/catalog/system"
	"datapunk/kv"
	"datapunk/server/setting"
	"datapunk/types"
	"datapunk/types/datetime"
)

// state is what the session and its server hold, as the views behind pg_stat_activity
// and their kin show it (function.State).
type state struct{ s *Session }

// unixEpoch is 1970-01-01 in µs since 2000-01-01.
const unixEpoch = -946684800000000

// List gives the rows of a set-returning function.
func (x state) List(source string, arg any) ([][]any, error) {
	switch source {
	case "pg_stat_get_activity":
		return x.activity(arg), nil
	case "pg_stat_get_backend_idset":
		var list [][]any
		for _, s := range x.sessions() {
			list = append(list, []any{s.pid})
		}
		return list, nil
	case "pg_lock_status":
		return x.locks()
	case "pg_cursor":
		var list [][]any
		for _, name := range slices.Sorted(maps.Keys(x.s.portals)) {
			if name == "" {
				continue
			}
			q, row := x.s.portals[name], []any{name, "", false, false, false, int64(x.s.stmtTime)}
			row[1] = q.prepared.sql
			if c := q.cursor; c != nil {
				row[2], row[3], row[4], row[5] = c.hold(), c.options&cursorBinary != 0, c.scroll(), int64(c.made)
			}
			list = append(list, row)
		}
		return list, nil
	case "pg_prepared_statement":
		var list [][]any
		for _, name := range slices.Sorted(maps.Keys(x.s.statements)) {
			if p := x.s.statements[name]; name != "" {
				params := make([]types.OID, len(p.Params))
				for i, t := range p.Params {
					params[i] = t.OID
				}
				list = append(list, []any{name, p.sql, int64(p.made), params, p.fromSQL, int64(0), p.runs})
			}
		}
		return list, nil
	case "show_all_settings":
		return x.settings(), nil
	case "pg_available_extensions":
		return [][]any{{"plpgsql", "1.0", "PL/pgSQL procedural language"}}, nil
	case "pg_available_extension_versions":
		return [][]any{{"plpgsql", "1.0", true, true, false, "pg_catalog", nil, "PL/pgSQL procedural language"}}, nil
	case "pg_config":
		return [][]any{{"VERSION", "PostgreSQL " + setting.ServerVersion + " (Datapunk " + setting.Product + ")"}}, nil
	case "current_query":
		return [][]any{{x.s.view().query}}, nil
	}
	return nil, nil
}

// sessions lists the server's sessions by number.
func (x state) sessions() []*Session {
	x.s.engine.mu.Lock()
	defer x.s.engine.mu.Unlock()
	list := slices.Collect(maps.Values(x.s.engine.mu.sessions))
	slices.SortFunc(list, func(a, b *Session) int { return cmp.Compare(a.pid, b.pid) })
	return list
}

// moment is a time, or null.
func moment(t datetime.Timestamp) any {
	if t == 0 {
		return nil
	}
	return int64(t)
}

// waits are the words of pg_stat_activity for what a session waits for.
var waits = map[kv.LockKind]string{kv.RowLock: "tuple", kv.RelationLock: "relation", kv.AdvisoryLock: "advisory", kv.TransactionLock: "virtualxid"}

// activity is pg_stat_get_activity. Of sessions of others, only those who may read
// all statistics see more than that they are there.
func (x state) activity(arg any) [][]any {
	snapshot, err := x.s.snapshot()
	if err != nil {
		return nil
	}
	waiting, numbers := map[kv.SessionID]string{}, map[kv.SessionID]kv.XID{}
	for _, l := range x.s.engine.DB.Locks() {
		if numbers[l.Session] = max(numbers[l.Session], l.XID); !l.Granted {
			waiting[l.Session] = waits[l.Kind]
		}
	}
	var list [][]any
	for _, s := range x.sessions() {
		if pid, ok := arg.(int64); ok && pid != int64(s.pid) {
			continue
		}
		row := make([]any, 30)
		row[0], row[1], row[2], row[17] = s.database.OID, s.pid, s.login.OID, "client backend"
		list = append(list, row)
		v := s.view()
		row[3] = v.application
		if !privilege.Inherits(snapshot, x.s.user.OID, s.login.OID) && !privilege.Inherits(snapshot, x.s.user.OID, system.ReadAllStats) {
			row[5], row[17] = "<insufficient privilege>", nil
			continue
		}
		row[4], row[5] = v.state, v.query
		if wait := waiting[s.kv.ID()]; wait != "" {
			row[6], row[7] = "Lock", wait
		} else if v.state != "active" {
			row[6], row[7] = "Client", "ClientRead"
		}
		row[8], row[9], row[10], row[11] = moment(v.xactStart), moment(v.queryStart), moment(s.started), moment(v.changed)
		row[14] = int32(-1)
		if n := numbers[s.kv.ID()]; n != 0 {
			row[15] = int64(uint32(n))
		}
		row[18], row[25], row[27] = false, false, false
	}
	return list
}

// locks is pg_lock_status. Row locks are shown while they are waited for, as in
// PostgreSQL.
func (x state) locks() ([][]any, error) {
	snapshot, err := x.s.snapshot()
	if err != nil {
		return nil, err
	}
	pids := map[kv.SessionID]int32{}
	var list [][]any
	transaction := func(pid int32) string { return "-1/" + strconv.Itoa(int(pid)) }
	for _, s := range x.sessions() {
		pids[s.kv.ID()] = s.pid
		if s.view().state != "idle" {
			list = append(list, []any{"virtualxid", nil, nil, nil, nil, transaction(s.pid), nil, nil, nil, nil, transaction(s.pid), s.pid, "ExclusiveLock", true, true, nil})
		}
	}
	numbered := map[kv.XID]bool{}
	for _, l := range x.s.engine.DB.Locks() {
		pid := pids[l.Session]
		if l.XID != 0 && !numbered[l.XID] {
			numbered[l.XID] = true
			list = append(list, []any{"transactionid", nil, nil, nil, nil, nil, int64(uint32(l.XID)), nil, nil, nil, transaction(pid), pid, "ExclusiveLock", true, false, nil})
		}
		var since any
		if !l.Granted {
			since = l.Since*1000 + unixEpoch
		}
		row := []any{nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, transaction(pid), pid, l.Mode.String(), l.Granted, l.FastPath, since}
		switch l.Kind {
		case kv.RelationLock:
			if row[1] = types.OID(l.Object.Database); types.OID(l.Object.Class) == desc.ClassRelation {
				row[0], row[2] = "relation", types.OID(l.Object.Object)
			} else {
				row[0], row[7], row[8], row[9] = "object", types.OID(l.Object.Class), types.OID(l.Object.Object), 0
			}
		case kv.AdvisoryLock:
			sub := 1
			if l.Advisory.Pair {
				sub = 2
			}
			row[0], row[1], row[7], row[8], row[9] = "advisory", types.OID(l.Advisory.Database), types.OID(l.Advisory.Key>>32), types.OID(uint32(l.Advisory.Key)), sub
		case kv.TransactionLock:
			row[0], row[5] = "virtualxid", transaction(pids[l.Blocker])
		case kv.RowLock:
			if l.Granted {
				continue
			}
			row[0], row[1], row[12] = "tuple", x.s.database.OID, rowModes[l.Strength]
			for o := range snapshot.All(desc.ClassRelation) {
				if r := o.(*desc.Relation); r.Storage != 0 && bytes.HasPrefix(l.Key, kv.StoragePrefix(nil, kv.StorageID(r.Storage))) {
					row[2] = r.OID
				}
			}
		}
		list = append(list, row)
	}
	return list, nil
}

// rowModes are the modes under which PostgreSQL waits for a row.
var rowModes = map[kv.Strength]string{kv.KeyShare: "AccessShareLock", kv.Share: "RowShareLock", kv.NoKeyExclusive: "ExclusiveLock", kv.Exclusive: "AccessExclusiveLock"}

// settings is pg_show_all_settings.
func (x state) settings() [][]any {
	var list [][]any
	all := setting.All()
	kinds := map[setting.Kind]string{setting.Bool: "bool", setting.Int: "integer", setting.Real: "real", setting.String: "string", setting.Enum: "enum"}
	for i := range all {
		d := &all[i]
		about := setting.Describe(d.Name)
		if about.Category == "" { // PostgreSQL shows it to SHOW alone
			continue
		}
		value := x.s.get(d.Name)
		source := "default"
		if value != d.Default {
			source = "session"
		}
		row := []any{d.Name, value, nil, about.Category, about.Short, nil, string(d.Context), kinds[d.Kind], source, nil, nil, nil, d.Default, d.Default, nil, nil, false}
		if d.Unit != "" {
			row[2] = d.Unit
		}
		if about.Extra != "" {
			row[5] = about.Extra
		}
		if d.Kind == setting.Int || d.Kind == setting.Real {
			row[9], row[10] = strconv.FormatFloat(d.Min, 'f', -1, 64), strconv.FormatFloat(d.Max, 'f', -1, 64)
		}
		if d.Kind == setting.Enum {
			row[11] = d.Options
		}
		list = append(list, row)
	}
	return list
}

// Counter is what is counted: row counts, transactions and sessions of a database,
// and a sequence's last value.
func (x state) Counter(name string, object types.OID) (int64, bool) {
	switch name {
	case "live_tuples":
		if snapshot, err := x.s.snapshot(); err == nil && object >= desc.FirstUser {
			return int64(statistics{x.s.engine, snapshot}.Rows(object)), true
		}
	case "sequence_last_value":
		if snapshot, err := x.s.snapshot(); err == nil {
			if rel := snapshot.Relation(object); rel != nil && rel.Sequence != nil {
				last, called, err := sequences(x).state(rel)
				return last, called && err == nil
			}
		}
	case "db_numbackends":
		n := int64(0)
		for _, s := range x.sessions() {
			if s.database.OID == object {
				n++
			}
		}
		return n, true
	case "db_xact_commit":
		return x.s.engine.tally.of(object).commits, true
	case "db_xact_rollback":
		return x.s.engine.tally.of(object).rollbacks, true
	case "db_sessions":
		return x.s.engine.tally.of(object).sessions, true
	}
	return 0, false
}

// backends maps the sessions of the store to those of clients.
func (x state) backends() map[kv.SessionID]int32 {
	m := map[kv.SessionID]int32{}
	for _, s := range x.sessions() {
		m[s.kv.ID()] = s.pid
	}
	return m
}
