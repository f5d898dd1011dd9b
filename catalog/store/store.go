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
	db     kv.DB
	system []desc.Object // in every database, never stored

	mu struct {
		sync.RWMutex
		shared    *state
		databases map[types.OID]*state
		version   uint64
	}
}

// Open reads the catalogs of all databases. system are the objects that every
// database has and nobody can change.
func Open(ctx context.Context, db kv.DB, system []desc.Object) (*Store, error) {
	s := &Store{db: db, system: system}
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
	return len(s.mu.shared.objects) == 0
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
	case desc.ClassComment:
		object = &desc.Comment{}
	case desc.ClassExtension:
		object = &desc.Extension{}
	default:
		return nil, fmt.Errorf("%w: descriptor of unknown class %d", kv.ErrCorrupt, class)
	}
	if err := json.Unmarshal(value, object); err != nil {
		return nil, fmt.Errorf("%w: descriptor of class %d: %v", kv.ErrCorrupt, class, err)
	}
	return object, nil
}

// shared tells the classes that belong to no database.
func shared(class types.OID) bool { return class == desc.ClassRole || class == desc.ClassDatabase }

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
	if own == nil {
		return nil, pgerr.Newf(pgerr.UndefinedDatabase, "database %d does not exist", database)
	}
	return &snapshot{version: s.mu.version, database: database, own: own, shared: s.mu.shared}, nil
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
	objects    map[desc.ID]desc.Object
	names      map[desc.Lookup]desc.Object
	dependents map[desc.ID]map[desc.ID]bool // by what is needed, Sub 0
	types      sync.Map                     // OID → *types.Type, made when first asked for
}

func newState() *state {
	return &state{objects: map[desc.ID]desc.Object{}, names: map[desc.Lookup]desc.Object{}, dependents: map[desc.ID]map[desc.ID]bool{}}
}

func (st *state) addSystem(system []desc.Object) {
	for _, o := range system {
		st.put(o)
	}
}

// clone copies a state; sets of dependents are shared until written.
func (st *state) clone() *state {
	return &state{objects: maps.Clone(st.objects), names: maps.Clone(st.names), dependents: maps.Clone(st.dependents)}
}

func (st *state) put(o desc.Object) {
	id := o.ID()
	st.remove(id)
	st.objects[id] = o
	if name := o.Lookup(); name.Name != "" {
		st.names[name] = o
	}
	for _, n := range o.Needs() {
		on := n.On
		on.Sub = 0
		set := maps.Clone(st.dependents[on])
		if set == nil {
			set = map[desc.ID]bool{}
		}
		set[id] = true
		st.dependents[on] = set
	}
}

func (st *state) remove(id desc.ID) {
	old := st.objects[id]
	if old == nil {
		return
	}
	delete(st.objects, id)
	if name := old.Lookup(); st.names[name] == old {
		delete(st.names, name)
	}
	for _, n := range old.Needs() {
		on := n.On
		on.Sub = 0
		set := maps.Clone(st.dependents[on])
		delete(set, id)
		st.dependents[on] = set
	}
}
