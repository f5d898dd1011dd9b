package session

import (
	"context"
	"maps"
	"slices"

	"datapunk/catalog"
	"datapunk/catalog/desc"
	"datapunk/catalog/privilege"
	"datapunk/internal/pgerr"
	"datapunk/kv"
)

// A session has three roles: the one that logged in, the session's user (SET SESSION
// AUTHORIZATION), and the current one (SET ROLE), whose privileges count.

// mayConnect checks that a role may use a database, and that neither has too many
// sessions already.
func (e *Engine) mayConnect(shared catalog.Snapshot, role *desc.Role, db *desc.Database) error {
	refuse := func(code pgerr.Code, message, detail string) error {
		return &pgerr.Error{Severity: "FATAL", Code: code, Message: message, Detail: detail}
	}
	if held, _ := privilege.Held(shared, role.OID, db.Owner, 'd', db.Grants); held&desc.Connect == 0 {
		return refuse(pgerr.InsufficientPrivilege, "permission denied for database \""+db.Name+"\"", "User does not have CONNECT privilege.")
	}
	if role.Superuser {
		return nil
	}
	ofRole, ofDatabase := int32(0), int32(0)
	e.mu.Lock()
	for _, s := range e.mu.sessions {
		if s.login.OID == role.OID {
			ofRole++
		}
		if s.database.OID == db.OID {
			ofDatabase++
		}
	}
	e.mu.Unlock()
	switch {
	case role.ConnLimit != nil && ofRole >= *role.ConnLimit:
		return refuse(pgerr.TooManyConnections, "too many connections for role \""+role.Name+"\"", "")
	case db.ConnLimit != nil && ofDatabase >= *db.ConnLimit:
		return refuse(pgerr.TooManyConnections, "too many connections for database \""+db.Name+"\"", "")
	}
	return nil
}

// roleNamed finds a role as the session sees it.
func (s *Session) roleNamed(name string) (*desc.Role, catalog.Snapshot) {
	var snapshot catalog.Snapshot
	var err error
	if s.txn != nil {
		snapshot, err = s.snapshot()
	} else {
		snapshot, err = s.engine.Catalog.Latest(0)
	}
	if err != nil {
		return nil, nil
	}
	r, _ := snapshot.Find(desc.Lookup{Class: desc.ClassRole, Name: name}).(*desc.Role)
	return r, snapshot
}

// sessionUser is the role of SET SESSION AUTHORIZATION, or the login.
func (s *Session) sessionUser() *desc.Role {
	if name := s.settings["session_authorization"]; name != "" && name != s.login.Name {
		if r, _ := s.roleNamed(name); r != nil {
			return r
		}
	}
	return s.login
}

// mayBecome checks SET ROLE and SET SESSION AUTHORIZATION.
func (s *Session) mayBecome(setting, name string) error {
	if setting == "role" && name == "none" {
		return nil
	}
	r, snapshot := s.roleNamed(name)
	if r == nil {
		return pgerr.Newf(pgerr.InvalidParameterValue, "role \"%s\" does not exist", name)
	}
	if setting == "role" {
		if !privilege.Member(snapshot, s.sessionUser().OID, r.OID) {
			return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to set role \"%s\"", name)
		}
		return nil
	}
	if r.OID != s.login.OID && !privilege.Superuser(snapshot, s.login.OID) {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to set session authorization")
	}
	return nil
}

// become brings the settings role and session_authorization into effect.
func (s *Session) become(setting string) {
	if setting == "session_authorization" {
		delete(s.settings, "role")
	}
	s.user = s.sessionUser()
	if name := s.settings["role"]; name != "" && name != "none" {
		if r, _ := s.roleNamed(name); r != nil {
			s.user = r
		}
	}
	super := "off"
	if s.sessionUser().Superuser {
		super = "on"
	}
	if s.get("is_superuser") != super {
		s.settings["is_superuser"] = super
		if s.results != nil {
			s.results.Parameter("is_superuser", super)
		}
	}
}

// resetAll returns all settings to their values at the start of the session, those
// that say who the user is only if asked.
func (s *Session) resetAll(user bool) error {
	for _, name := range slices.Sorted(maps.Keys(s.settings)) {
		if name == "is_superuser" || !user && (name == "session_authorization" || name == "role") {
			continue
		}
		if err := s.reset(name); err != nil {
			return err
		}
	}
	return nil
}

// SetPassword gives the superuser a password, unless the one it has fits.
func (e *Engine) SetPassword(ctx context.Context, k kv.Session, password string, fits func(verifier string) bool) error {
	txn := k.Begin(kv.TxnOptions{})
	defer txn.Rollback()
	w, err := e.Catalog.Begin(0, txn)
	if err != nil {
		return err
	}
	r := w.Snapshot().Role(desc.Superuser)
	if r == nil || fits(r.Password) {
		return nil
	}
	c := *r
	if c.Password, err = e.Verifier(password); err != nil {
		return err
	}
	if err := w.Put(ctx, &c); err != nil {
		return err
	}
	_, err = txn.Commit(ctx)
	return err
}
