// Package store keeps descriptors in kv and hands out snapshots of them.
//
// A descriptor's key is the catalog's storage id, then database (0 for shared
// objects), class, OID and sub-id, 4 bytes big-endian each; its value is JSON. All
// of a database's descriptors are held in memory; a commit that changed some
// publishes a new state before its locks are released, so that whoever is granted
// a lock reads the catalog as its last holder left it.
package store

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"sync"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/types"
)

// The fixed storages.
const (
	Storage     kv.StorageID = 1 // descriptors
	CellStorage kv.StorageID = 2 // the OID counter, sequences, row numbers
)

// Store is the catalogs of a node.
type Store struct {
	db      kv.DB
	system  []desc.Object // in every database, never stored
	builtin builtin

	mu struct {
		sync.RWMutex
		shared    *state
		databases map[types.OID]*state
		version   uint64
	}
}

// builtin is types outside pg_catalog that every database has.
type builtin struct {
	byOID  map[types.OID]*types.Type
	byName map[desc.Lookup]*types.Type
}

// Open reads the catalogs of all databases. system are the objects that every
// database has and nobody can change, domains the types beside types.Builtins.
func Open(ctx context.Context, db kv.DB, system []desc.Object, domains ...*types.Type) (*Store, error) {
	s := &Store{db: db, system: system, builtin: builtin{map[types.OID]*types.Type{}, map[desc.Lookup]*types.Type{}}}
	for _, t := range domains {
		s.builtin.byOID[t.OID] = t
		s.builtin.byName[desc.Lookup{Class: desc.ClassType, Namespace: t.Schema, Name: t.Name}] = t
	}
	s.mu.shared = newState()
	s.mu.databases = map[types.OID]*state{}
	s.mu.version = 1
	session := db.NewSession()
	defer session.Close()
	txn := session.Begin(kv.TxnOptions{ReadOnly: true})
	defer txn.Rollback()
	prefix := kv.StoragePrefix(nil, Storage)
	scan := txn.LatestScan(kv.Span{Start: prefix, End: kv.StoragePrefix(nil, Storage+1)}, kv.ScanOptions{})
	defer scan.Close()
	var batch kv.Batch
	for {
		if err := scan.Next(ctx, &batch, 1024); err != nil {
			return nil, err
		}
		if batch.Len() == 0 {
			break
		}
		for i := range batch.Len() {
			key := batch.Key(i)
			if len(key) != len(prefix)+16 {
				return nil, fmt.Errorf("%w: catalog key %x", kv.ErrCorrupt, key)
			}
			database := types.OID(binary.BigEndian.Uint32(key[4:]))
			object, err := decode(types.OID(binary.BigEndian.Uint32(key[8:])), batch.Value(i))
			if err != nil {
				return nil, err
			}
			st := s.mu.shared
			if database != 0 {
				if st = s.mu.databases[database]; st == nil {
					st = newState()
					s.mu.databases[database] = st
				}
			}
			st.put(object)
		}
	}
	for _, st := range s.mu.databases {
		st.addSystem(system)
	}
	return s, nil
}

// Empty tells a node that was never started before.
func (s *Store) Empty() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.mu.shared.objects.empty()
}

// decode reads one descriptor.
func decode(class types.OID, value []byte) (desc.Object, error) {
	var object desc.Object
	switch class {
	case desc.ClassRelation:
		object = &desc.Relation{}
	case desc.ClassSchema:
		object = &desc.Schema{}
	case desc.ClassRole:
		object = &desc.Role{}
	case desc.ClassDatabase:
		object = &desc.Database{}
	case desc.ClassExtension:
		object = &desc.Extension{}
	case desc.ClassStatistics:
		object = &desc.Statistics{}
	default:
		if desc.CommentedClass(class) != 0 {
			object = &desc.Comment{}
			break
		}
		return nil, fmt.Errorf("%w: descriptor of unknown class %d", kv.ErrCorrupt, class)
	}
	if err := json.Unmarshal(value, object); err != nil {
		return nil, fmt.Errorf("%w: descriptor of class %d: %v", kv.ErrCorrupt, class, err)
	}
	return object, nil
}

// shared tells the classes that belong to no database.
func shared(class types.OID) bool {
	if of := desc.CommentedClass(class); of != 0 {
		class = of
	}
	return class == desc.ClassRole || class == desc.ClassDatabase || class == desc.ClassSharedComment
}

func objectKey(database types.OID, id desc.ID) []byte {
	if shared(id.Class) {
		database = 0
	}
	key := kv.StoragePrefix(make([]byte, 0, 20), Storage)
	for _, n := range []uint32{uint32(database), uint32(id.Class), uint32(id.OID), uint32(uint16(id.Sub))} {
		key = binary.BigEndian.AppendUint32(key, n)
	}
	return key
}

// Version changes with every committed change.
func (s *Store) Version() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.mu.version
}

// Latest is the newest committed snapshot of a database.
func (s *Store) Latest(database types.OID) (catalog.Snapshot, error) {
	return s.latest(database)
}

func (s *Store) latest(database types.OID) (*snapshot, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	own := s.mu.databases[database]
	if database == 0 {
		own = newState() // shared objects alone
	}
	if own == nil {
		return nil, pgerr.Newf(pgerr.UndefinedDatabase, "database %d does not exist", database)
	}
	return &snapshot{version: s.mu.version, database: database, own: own, shared: s.mu.shared, builtin: s.builtin}, nil
}

// publish applies a change set to the committed states.
func (s *Store) publish(database types.OID, changes []change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, all := s.mu.databases[database], s.mu.shared
	if database == 0 { // only shared objects
		own = newState()
		defer delete(s.mu.databases, 0)
	} else if own == nil {
		own = newState()
		own.addSystem(s.system)
	}
	own, all = own.clone(), all.clone()
	for _, c := range changes {
		st := own
		switch {
		case shared(c.id.Class):
			st = all
		case c.database != database:
			st = s.mu.databases[c.database]
			if st == nil {
				st = newState()
				st.addSystem(s.system)
			} else {
				st = st.clone()
			}
			s.mu.databases[c.database] = st
		}
		if c.object != nil {
			st.put(c.object)
		} else {
			st.remove(c.id)
		}
	}
	s.mu.databases[database], s.mu.shared = own, all
	s.mu.version++
}

// state is one version of one database's objects, or of the shared ones.
type state struct {
	objects    layered[desc.ID, desc.Object]
	names      layered[desc.Lookup, desc.Object]
	dependents layered[desc.ID, *dependents]      // by what is needed, Sub 0
	rowTypes   layered[types.OID, *desc.Relation] // by the row type and its array
	types      sync.Map                           // OID → *types.Type, made when first asked for
	memos      sync.Map                           // key → *memo, likewise; see snapshot.Memo
	lists      sync.Map                           // class → []desc.Object by OID, likewise
	holders    layered[types.OID, *desc.Relation] // by their constraints and defaults
	counts     map[types.OID]int                  // of objects, by class
}

// dependents is the set of objects that need one; it is shared until written.
type dependents = layered[desc.ID, bool]

func newState() *state { return &state{counts: map[types.OID]int{}} }

func (st *state) addSystem(system []desc.Object) {
	for _, o := range system {
		st.put(o)
	}
}

// clone copies a state.
func (st *state) clone() *state {
	return &state{objects: st.objects.clone(), names: st.names.clone(), dependents: st.dependents.clone(), rowTypes: st.rowTypes.clone(),
		holders: st.holders.clone(), counts: maps.Clone(st.counts)}
}

// sequenceColumns are the columns of every sequence, which no descriptor repeats.
var sequenceColumns = []desc.Column{
	{Name: "last_value", Type: types.OIDInt8, Mod: -1, NotNull: true},
	{Name: "log_cnt", Type: types.OIDInt8, Mod: -1, NotNull: true},
	{Name: "is_called", Type: types.OIDBool, Mod: -1, NotNull: true},
}

func (st *state) put(o desc.Object) {
	if r, ok := o.(*desc.Relation); ok && r.Kind == desc.SequenceKind && r.Columns == nil {
		c := *r
		c.Columns = sequenceColumns
		o = &c
	}
	id := o.ID()
	st.remove(id)
	st.objects.set(id, o)
	if name := o.Lookup(); name.Name != "" {
		st.names.set(name, o)
	}
	st.counts[id.Class]++
	if r, ok := o.(*desc.Relation); ok {
		if r.RowType != 0 {
			st.rowTypes.set(r.RowType, r)
			st.rowTypes.set(r.RowArray, r)
		}
		for oid := range parts(r) {
			st.holders.set(oid, r)
		}
	}
	for _, n := range o.Needs() {
		on := n.On
		on.Sub = 0
		set := &dependents{}
		if old := st.dependents.at(on); old != nil {
			*set = old.clone()
		}
		set.set(id, true)
		st.dependents.set(on, set)
	}
}

// parts gives the OIDs of what lies within a relation: constraints and defaults.
func parts(r *desc.Relation) iter.Seq[types.OID] {
	return func(yield func(types.OID) bool) {
		for i := range r.Columns {
			if oid := r.Columns[i].DefaultOID; oid != 0 && !yield(oid) {
				return
			}
		}
		for i := range r.Checks {
			if !yield(r.Checks[i].OID) {
				return
			}
		}
		for i := range r.Uniques {
			if oid := r.Uniques[i].OID; oid != 0 && !yield(oid) {
				return
			}
		}
		for i := range r.ForeignKeys {
			if !yield(r.ForeignKeys[i].OID) {
				return
			}
		}
	}
}

func (st *state) remove(id desc.ID) {
	old := st.objects.at(id)
	if old == nil {
		return
	}
	st.objects.remove(id)
	if name := old.Lookup(); st.names.at(name) == old {
		st.names.remove(name)
	}
	st.counts[id.Class]--
	if r, ok := old.(*desc.Relation); ok {
		if r.RowType != 0 {
			st.rowTypes.remove(r.RowType)
			st.rowTypes.remove(r.RowArray)
		}
		for oid := range parts(r) {
			st.holders.remove(oid)
		}
	}
	for _, n := range old.Needs() {
		on := n.On
		on.Sub = 0
		if old := st.dependents.at(on); old != nil {
			set := old.clone()
			set.remove(id)
			st.dependents.set(on, &set)
		}
	}
}
