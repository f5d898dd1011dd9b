package session

import (
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
	"datapunk/kv"
	"datapunk/server/client"
	"datapunk/server/setting"
	"datapunk/types/datetime"
)

// get is a setting's value, normalized.
func (s *Session) get(name string) string {
	key := strings.ToLower(name)
	if v, ok := s.settings[key]; ok {
		return v
	}
	if d := setting.Find(key); d != nil {
		return d.Default
	}
	return ""
}

func (s *Session) integer(name string) int64 {
	n, _ := strconv.ParseInt(s.get(name), 10, 64)
	return n
}

// show is a setting's value as SHOW prints it.
func (s *Session) show(d *setting.Setting) string {
	switch d.Name {
	case "transaction_isolation":
		if s.txn != nil {
			return [...]string{kv.ReadCommitted: "read committed", kv.RepeatableRead: "repeatable read", kv.Serializable: "serializable"}[s.txn.Options().Isolation]
		}
		return s.get("default_transaction_isolation")
	case "transaction_read_only":
		if s.txn != nil && s.txn.Options().ReadOnly {
			return "on"
		}
		if s.txn == nil {
			return s.get("default_transaction_read_only")
		}
		return "off"
	}
	return d.Show(s.get(d.Name))
}

// set changes a setting; local lasts until the transaction's end. start is for the
// startup message, which may set what clients cannot change later.
func (s *Session) set(name, value string, local, start bool) error {
	key := strings.ToLower(name)
	d := setting.Find(key)
	if d == nil {
		if !setting.Custom(name) {
			return pgerr.Newf(pgerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
		}
		s.remember(key, local)
		s.settings[key] = value
		return nil
	}
	normal, err := s.normal(d, value)
	if err != nil {
		return err
	}
	switch d.Name {
	case "transaction_isolation":
		return s.isolation(normal)
	case "transaction_read_only":
		if s.txn != nil {
			o := s.txn.Options()
			o.ReadOnly = normal == "on"
			s.txn.SetOptions(o)
		}
		return nil
	case "transaction_deferrable":
		return nil
	}
	if old := s.get(key); old == normal && !local {
		return nil
	}
	s.remember(key, local)
	s.settings[key] = normal
	s.apply(d)
	if d.Report && s.results != nil && !start {
		s.results.Parameter(d.Name, s.show(d))
	}
	return nil
}

// normal checks that the user may set a setting to a value, and gives the value's
// usual form.
func (s *Session) normal(d *setting.Setting, value string) (string, error) {
	switch d.Context {
	case setting.Internal:
		return "", pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter \"%s\" cannot be changed", d.Name)
	case setting.Startup, setting.Reload:
		return "", pgerr.Newf(pgerr.CantChangeRuntimeParam, "parameter \"%s\" cannot be changed without restarting the server", d.Name)
	case setting.Superuser:
		if !s.user.Superuser {
			return "", pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to set parameter \"%s\"", d.Name)
		}
	}
	normal, err := d.Normalize(value)
	if err != nil {
		return "", err
	}
	switch d.Name {
	case "TimeZone":
		z, err := datetime.ParseZoneSetting(value)
		if err != nil {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"TimeZone\": \"%s\"", value)
		}
		return z.Name(), nil
	case "role", "session_authorization":
		return value, s.mayBecome(d.Name, value)
	case "DateStyle":
		return dateStyle(s.get("DateStyle"), value)
	case "client_encoding":
		name, _, ok := client.FindEncoding(value)
		if !ok {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"client_encoding\": \"%s\"", value)
		}
		return name, nil
	}
	return normal, nil
}

// check refuses a setting that there is not, or a value it cannot have, and gives the
// name's usual form.
func (s *Session) check(name, value string) (string, error) {
	d := setting.Find(strings.ToLower(name))
	if d == nil {
		if setting.Custom(name) {
			return name, nil
		}
		return "", pgerr.Newf(pgerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	_, err := s.normal(d, value)
	return d.Name, err
}

// remember keeps the value to restore: at the end of the transaction after SET
// LOCAL, at its rollback after SET.
func (s *Session) remember(key string, local bool) {
	s.epoch++
	if s.txn == nil {
		return
	}
	var old *string
	if v, ok := s.settings[key]; ok {
		old = &v
	}
	if local {
		if s.locals == nil {
			s.locals = map[string]*string{}
		}
		if _, ok := s.locals[key]; !ok {
			s.locals[key] = old
		}
		return
	}
	if s.before == nil {
		s.before = map[string]*string{}
	}
	if _, ok := s.before[key]; !ok {
		s.before[key] = old
	}
}

func (s *Session) restore(key string, old *string) {
	s.epoch++
	if old == nil {
		delete(s.settings, key)
	} else {
		s.settings[key] = *old
	}
	if d := setting.Find(key); d != nil {
		s.apply(d)
		if d.Report && s.results != nil {
			s.results.Parameter(d.Name, s.show(d))
		}
	}
}

// reset returns a setting to its value at the start of the session.
func (s *Session) reset(name string) error {
	d := setting.Find(name)
	if d == nil && !setting.Custom(name) {
		return pgerr.Newf(pgerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
	}
	key := strings.ToLower(name)
	s.remember(key, false)
	if v, ok := s.initial[key]; ok {
		s.settings[key] = v
	} else {
		delete(s.settings, key)
	}
	if d != nil {
		s.apply(d)
		if d.Report {
			s.results.Parameter(d.Name, s.show(d))
		}
	}
	return nil
}

// apply brings a setting into effect.
func (s *Session) apply(d *setting.Setting) {
	switch d.Name {
	case "TimeZone":
		if z, err := datetime.ParseZoneSetting(s.get("TimeZone")); err == nil {
			s.style.Zone = z
		}
	case "DateStyle":
		style, order, _ := strings.Cut(s.get("DateStyle"), ", ")
		s.style.DateStyle = map[string]datetime.DateStyle{"ISO": datetime.StyleISO, "SQL": datetime.StyleSQL, "Postgres": datetime.StylePostgres, "German": datetime.StyleGerman}[style]
		s.style.DateOrder = map[string]datetime.DateOrder{"MDY": datetime.MDY, "DMY": datetime.DMY, "YMD": datetime.YMD}[order]
	case "IntervalStyle":
		s.style.IntervalStyle = map[string]datetime.IntervalStyle{"postgres": datetime.IntervalPostgres, "postgres_verbose": datetime.IntervalPostgresVerbose,
			"sql_standard": datetime.IntervalSQLStandard, "iso_8601": datetime.IntervalISO8601}[s.get("IntervalStyle")]
	case "extra_float_digits":
		s.format.ExtraFloatDigits = int(s.integer("extra_float_digits"))
	case "client_encoding":
		_, s.encoding, _ = client.FindEncoding(s.get("client_encoding"))
	case "role", "session_authorization":
		s.become(d.Name)
	case "bytea_output":
		s.format.ByteaEscape = s.get("bytea_output") == "escape"
	}
}

// dateStyle merges a new value into the old one: a style, an order, or both.
func dateStyle(old, value string) (string, error) {
	style, order, _ := strings.Cut(old, ", ")
	for _, word := range strings.FieldsFunc(strings.ToUpper(value), func(r rune) bool { return r == ',' || r == ' ' }) {
		switch word {
		case "ISO", "SQL":
			style = word
		case "POSTGRES", "POSTGRESQL":
			style = "Postgres"
		case "GERMAN":
			style = "German"
		case "MDY", "US", "NONEURO", "NONEUROPEAN":
			order = "MDY"
		case "DMY", "EURO", "EUROPEAN":
			order = "DMY"
		case "YMD":
			order = "YMD"
		case "DEFAULT":
			style, order = "ISO", "MDY"
		default:
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"DateStyle\": \"%s\"", value).
				WithDetail("Unrecognized key word: \"%s\".", strings.ToLower(word))
		}
	}
	return style + ", " + order, nil
}
