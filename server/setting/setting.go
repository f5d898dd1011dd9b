// Package setting is the table of settings that SET and SHOW know: name, type,
// unit, bounds, default and who may change it.
package setting

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"datapunk/internal/pgerr"
)

// Kind is a setting's type.
type Kind uint8

// The kinds.
const (
	Bool Kind = iota
	Int
	Real
	String
	Enum
)

// Context says who may change a setting, as pg_settings.context.
type Context string

// The contexts.
const (
	Internal  Context = "internal"
	Startup   Context = "postmaster"
	Reload    Context = "sighup"
	Superuser Context = "superuser"
	Backend   Context = "backend"
	User      Context = "user"
)

// Setting is one row of the table.
type Setting struct {
	Name     string
	Kind     Kind
	Default  string
	Context  Context
	Unit     string // kB, ms, s, min, 8kB, or ""
	Min, Max float64
	Options  []string // of an Enum
	Report   bool     // sent to the client as ParameterStatus
	// Harmless: known to PostgreSQL users and accepted, without effect here.
	Harmless bool
}

// table is every setting. It is small data, read by people: keep it sorted.
var table = []Setting{
	{Name: "application_name", Kind: String, Context: User, Report: true},
	{Name: "backslash_quote", Kind: Enum, Default: "safe_encoding", Context: User, Options: []string{"safe_encoding", "on", "off"}, Harmless: true},
	{Name: "bytea_output", Kind: Enum, Default: "hex", Context: User, Options: []string{"escape", "hex"}},
	{Name: "check_function_bodies", Kind: Bool, Default: "on", Context: User, Harmless: true},
	{Name: "client_encoding", Kind: String, Default: "UTF8", Context: User, Report: true},
	{Name: "client_min_messages", Kind: Enum, Default: "notice", Context: User, Options: []string{"debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"}},
	{Name: "DateStyle", Kind: String, Default: "ISO, MDY", Context: User, Report: true},
	{Name: "default_table_access_method", Kind: String, Default: "heap", Context: User, Harmless: true},
	{Name: "default_tablespace", Kind: String, Context: User, Harmless: true},
	{Name: "default_transaction_deferrable", Kind: Bool, Default: "off", Context: User},
	{Name: "default_transaction_isolation", Kind: Enum, Default: "read committed", Context: User, Options: []string{"serializable", "repeatable read", "read committed", "read uncommitted"}},
	{Name: "default_transaction_read_only", Kind: Bool, Default: "off", Context: User, Report: true},
	{Name: "default_with_oids", Kind: Bool, Default: "off", Context: User, Harmless: true},
	{Name: "enable_hashjoin", Kind: Bool, Default: "on", Context: User},
	{Name: "enable_indexscan", Kind: Bool, Default: "on", Context: User},
	{Name: "enable_mergejoin", Kind: Bool, Default: "on", Context: User},
	{Name: "enable_nestloop", Kind: Bool, Default: "on", Context: User},
	{Name: "enable_seqscan", Kind: Bool, Default: "on", Context: User},
	{Name: "enable_sort", Kind: Bool, Default: "on", Context: User},
	{Name: "escape_string_warning", Kind: Bool, Default: "on", Context: User, Harmless: true},
	{Name: "extra_float_digits", Kind: Int, Default: "1", Context: User, Min: -15, Max: 3},
	{Name: "hash_mem_multiplier", Kind: Real, Default: "2", Context: User, Min: 1, Max: 1000},
	{Name: "idle_in_transaction_session_timeout", Kind: Int, Default: "0", Context: User, Unit: "ms", Max: math.MaxInt32},
	{Name: "in_hot_standby", Kind: Bool, Default: "off", Context: Internal, Report: true},
	{Name: "integer_datetimes", Kind: Bool, Default: "on", Context: Internal, Report: true},
	{Name: "IntervalStyle", Kind: Enum, Default: "postgres", Context: User, Options: []string{"postgres", "postgres_verbose", "sql_standard", "iso_8601"}, Report: true},
	{Name: "is_superuser", Kind: Bool, Default: "on", Context: Internal, Report: true},
	{Name: "lc_collate", Kind: String, Default: "C", Context: Internal},
	{Name: "lc_ctype", Kind: String, Default: "C.UTF-8", Context: Internal},
	{Name: "lc_messages", Kind: String, Default: "C", Context: Superuser, Harmless: true},
	{Name: "lc_monetary", Kind: String, Default: "C", Context: User, Harmless: true},
	{Name: "lc_numeric", Kind: String, Default: "C", Context: User, Harmless: true},
	{Name: "lc_time", Kind: String, Default: "C", Context: User, Harmless: true},
	{Name: "lock_timeout", Kind: Int, Default: "0", Context: User, Unit: "ms", Max: math.MaxInt32},
	{Name: "max_connections", Kind: Int, Default: "1000", Context: Startup, Min: 1, Max: 262143},
	{Name: "max_identifier_length", Kind: Int, Default: "63", Context: Internal, Min: 63, Max: 63},
	{Name: "max_index_keys", Kind: Int, Default: "32", Context: Internal, Min: 32, Max: 32},
	{Name: "role", Kind: String, Default: "none", Context: User},
	{Name: "row_security", Kind: Bool, Default: "on", Context: User, Harmless: true},
	{Name: "search_path", Kind: String, Default: `"$user", public`, Context: User},
	{Name: "server_encoding", Kind: String, Default: "UTF8", Context: Internal, Report: true},
	{Name: "server_version", Kind: String, Default: ServerVersion, Context: Internal, Report: true},
	{Name: "server_version_num", Kind: Int, Default: ServerVersionNum, Context: Internal, Max: math.MaxInt32},
	{Name: "session_authorization", Kind: String, Context: User, Report: true},
	{Name: "standard_conforming_strings", Kind: Bool, Default: "on", Context: User, Report: true},
	{Name: "statement_timeout", Kind: Int, Default: "0", Context: User, Unit: "ms", Max: math.MaxInt32},
	{Name: "synchronize_seqscans", Kind: Bool, Default: "on", Context: User, Harmless: true},
	{Name: "synchronous_commit", Kind: Enum, Default: "on", Context: User, Options: []string{"local", "remote_write", "remote_apply", "on", "off"}},
	{Name: "temp_file_limit", Kind: Int, Default: "-1", Context: Superuser, Unit: "kB", Min: -1, Max: math.MaxInt32},
	{Name: "TimeZone", Kind: String, Default: "UTC", Context: User, Report: true},
	{Name: "transaction_deferrable", Kind: Bool, Default: "off", Context: User},
	{Name: "transaction_isolation", Kind: Enum, Default: "read committed", Context: User, Options: []string{"serializable", "repeatable read", "read committed", "read uncommitted"}},
	{Name: "transaction_read_only", Kind: Bool, Default: "off", Context: User},
	{Name: "work_mem", Kind: Int, Default: "4096", Context: User, Unit: "kB", Min: 64, Max: math.MaxInt32},
	{Name: "xmloption", Kind: Enum, Default: "content", Context: User, Options: []string{"content", "document"}, Harmless: true},
}

// The version that clients are told; see docs/decision/002-version.md.
const (
	ServerVersion    = "15.18"
	ServerVersionNum = "150018"
	Product          = "0.1"
)

var index = func() map[string]*Setting {
	m := map[string]*Setting{}
	for i := range table {
		m[strings.ToLower(table[i].Name)] = &table[i]
	}
	return m
}()

// Find returns a setting by name, without regard to case, or nil.
func Find(name string) *Setting { return index[strings.ToLower(name)] }

// All lists the settings by name. It must not be changed.
func All() []Setting { return table }

// Custom tells a name of the form a.b, which anybody may make up.
func Custom(name string) bool { return strings.Contains(name, ".") }

// Normalize checks a value and brings it to the form in which SHOW prints it
// (numbers without unit are in the setting's unit).
func (s *Setting) Normalize(value string) (string, error) {
	switch s.Kind {
	case Bool:
		b, ok := ParseBool(value)
		if !ok {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "parameter \"%s\" requires a Boolean value", s.Name)
		}
		if b {
			return "on", nil
		}
		return "off", nil
	case Enum:
		v := strings.ToLower(value)
		if slices.Contains(s.Options, v) {
			return v, nil
		}
		if b, ok := ParseBool(v); ok {
			word := "off"
			if b {
				word = "on"
			}
			if slices.Contains(s.Options, word) {
				return word, nil
			}
		}
		return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", s.Name, value).
			WithHint("Available values: %s.", strings.Join(s.Options, ", "))
	case Int:
		n, err := s.number(value)
		if err != nil {
			return "", err
		}
		return strconv.FormatInt(n, 10), nil
	case Real:
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || n != n {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", s.Name, value)
		}
		if n < s.Min || n > s.Max {
			return "", pgerr.Newf(pgerr.InvalidParameterValue, "%g is outside the valid range for parameter \"%s\" (%g .. %g)", n, s.Name, s.Min, s.Max)
		}
		return strconv.FormatFloat(n, 'g', -1, 64), nil
	}
	return value, nil
}

// units are the factors of time (to ms) and memory (to kB).
var units = map[string]float64{"us": 0.001, "ms": 1, "s": 1000, "min": 60000, "h": 3600000, "d": 86400000,
	"B": 1.0 / 1024, "kB": 1, "MB": 1024, "GB": 1 << 20, "TB": 1 << 30}

func (s *Setting) number(value string) (int64, error) {
	bad := func() error {
		e := pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", s.Name, value)
		if s.Unit == "ms" {
			e.WithHint("Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".")
		} else if s.Unit == "kB" {
			e.WithHint("Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".")
		}
		return e
	}
	text := strings.TrimSpace(value)
	end := strings.LastIndexAny(text, "0123456789.") + 1
	n, err := strconv.ParseFloat(strings.TrimSpace(text[:end]), 64)
	if err != nil {
		return 0, bad()
	}
	if unit := strings.TrimSpace(text[end:]); unit != "" {
		factor, ok := units[unit]
		_, time := map[string]bool{"us": true, "ms": true, "s": true, "min": true, "h": true, "d": true}[unit]
		if !ok || s.Unit == "" || time != (s.Unit == "ms") {
			return 0, bad()
		}
		n *= factor
	}
	n = math.RoundToEven(n)
	if n < s.Min || n > s.Max {
		unit := ""
		if s.Unit != "" {
			unit = " " + s.Unit
		}
		return 0, pgerr.Newf(pgerr.InvalidParameterValue, "%d%s is outside the valid range for parameter \"%s\" (%d .. %d)", int64(n), unit, s.Name, int64(s.Min), int64(s.Max))
	}
	return int64(n), nil
}

// Show prints a normalized value with the largest unit that divides it.
func (s *Setting) Show(value string) string {
	if s.Kind != Int || s.Unit == "" {
		return value
	}
	n, _ := strconv.ParseInt(value, 10, 64)
	if n <= 0 {
		return value
	}
	steps := []struct {
		factor int64
		unit   string
	}{{1 << 30, "TB"}, {1 << 20, "GB"}, {1024, "MB"}, {1, "kB"}}
	if s.Unit == "ms" {
		steps = steps[:0]
		steps = append(steps, []struct {
			factor int64
			unit   string
		}{{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}}...)
	}
	for _, u := range steps {
		if n%u.factor == 0 {
			return strconv.FormatInt(n/u.factor, 10) + u.unit
		}
	}
	return value
}

// ParseBool reads a Boolean as PostgreSQL's parse_bool does: unique prefixes of
// true, false, yes, no; on, off; 1, 0.
func ParseBool(s string) (value, ok bool) {
	s = strings.ToLower(s)
	switch {
	case s == "":
		return false, false
	case s == "1", s == "on", strings.HasPrefix("true", s), strings.HasPrefix("yes", s):
		return true, true
	case s == "0", s == "off", s == "of", strings.HasPrefix("false", s), strings.HasPrefix("no", s):
		return false, true
	}
	return false, false
}
