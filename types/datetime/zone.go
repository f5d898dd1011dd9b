package datetime

import (
	_ "embed" // lists of zones
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the IANA database where the system has none

	"datapunk/internal/pgerr"
)

// Zone is a time zone: an IANA one, a POSIX rule or a fixed offset.
type Zone struct {
	name   string
	loc    *time.Location // nil for a fixed offset
	offset int            // seconds east, when loc is nil
	abbrev string         // when loc is nil
}

// UTC is the zone of that name.
var UTC = &Zone{name: "UTC", abbrev: "UTC"}

// Abbreviation is one row of pg_timezone_abbrevs. A dynamic one has the offset
// of its zone at a given time.
type Abbreviation struct {
	Name   string
	Offset int // seconds east
	DST    bool
	Zone   string // IANA name when the offset varies, else ""
}

//go:embed zones.txt
var zoneList string

//go:embed abbreviations.txt
var abbreviationList string

var zoneIndex = sync.OnceValue(func() map[string]string {
	m := make(map[string]string)
	for _, n := range Names() {
		m[strings.ToLower(n)] = n
	}
	return m
})

// Names lists the zones of pg_timezone_names, sorted.
func Names() []string { return strings.Fields(zoneList) }

var abbreviations = sync.OnceValue(func() map[string]Abbreviation {
	m := make(map[string]Abbreviation)
	for line := range strings.Lines(abbreviationList) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		a := Abbreviation{Name: f[0], DST: len(f) > 2 && f[2] == "D"}
		if v, err := strconv.Atoi(f[1]); err == nil {
			a.Offset = v
		} else {
			a.Zone = f[1]
		}
		m[strings.ToLower(a.Name)] = a
	}
	return m
})

// Abbreviations lists the default abbreviation set; now fixes the offsets of
// the dynamic ones (UTC).
func Abbreviations(now Timestamp) []Abbreviation {
	var out []Abbreviation
	for line := range strings.Lines(abbreviationList) {
		name, _, _ := strings.Cut(line, " ")
		a, ok := abbreviations()[strings.ToLower(name)]
		if !ok {
			continue
		}
		if a.Zone != "" {
			a.Offset, a.DST = a.resolveAt(int64(now)/microsPerSecond + unixEpochSeconds)
		}
		out = append(out, a)
	}
	return out
}

// resolveAt finds a dynamic abbreviation's offset at a Unix time: that of its
// zone's nearest use of the abbreviation not after it, else the first use.
func (a Abbreviation) resolveAt(unix int64) (offset int, dst bool) {
	if a.Zone == "" {
		return a.Offset, a.DST
	}
	z, err := LoadZone(a.Zone)
	if err != nil {
		return 0, false
	}
	t := time.Unix(unix, 0).In(z.loc)
	if off, dst, ok := z.searchAbbrev(a.Name, t); ok {
		return off, dst
	}
	_, off := t.Zone()
	return off, t.IsDST()
}

func (z *Zone) searchAbbrev(name string, t time.Time) (offset int, dst, ok bool) {
	for at, n := t, 0; n < 400; n++ {
		ab, off := at.Zone()
		if strings.EqualFold(ab, name) {
			return off, at.IsDST(), true
		}
		start, _ := at.ZoneBounds()
		if start.IsZero() {
			break
		}
		at = start.Add(-time.Second)
	}
	for at, n := t, 0; n < 400; n++ {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.Year() > 2040 {
			break
		}
		at = end
		if ab, off := at.Zone(); strings.EqualFold(ab, name) {
			return off, at.IsDST(), true
		}
	}
	return 0, false, false
}

// offsetLocal is the offset of a dynamic abbreviation at a local time.
func (a Abbreviation) offsetLocal(f *fields) (offset int, dst bool) {
	z, err := LoadZone(a.Zone)
	if err != nil {
		return 0, false
	}
	off := z.FromLocal(f.localSeconds())
	t := time.Unix(f.localSeconds()-int64(off), 0).In(z.loc)
	if o, d, ok := z.searchAbbrev(a.Name, t); ok {
		return o, d
	}
	return off, t.IsDST()
}

var zoneCache sync.Map // lower-case name to *Zone

// LoadZone finds a zone by its IANA name in any case, or builds it from a POSIX
// rule such as EST5EDT or <+03>-3. 22023 if there is none.
func LoadZone(name string) (*Zone, error) {
	key := strings.ToLower(name)
	if z, ok := zoneCache.Load(key); ok {
		return z.(*Zone), nil
	}
	z := findZone(name, key)
	if z == nil {
		return nil, pgerr.Newf(pgerr.InvalidParameterValue, "time zone \"%s\" not recognized", name)
	}
	if _, listed := zoneIndex()[key]; listed {
		zoneCache.Store(key, z) // rules are not kept: there is no end of them
	}
	return z, nil
}

func findZone(name, key string) *Zone {
	if key == "gmt" {
		return &Zone{name: "GMT", abbrev: "GMT"}
	}
	if key == "utc" {
		return UTC
	}
	// the system's copy of the database has every zone under posix/ too
	plain, isPosix := strings.CutPrefix(key, "posix/")
	if canon, ok := zoneIndex()[plain]; ok {
		if loc, err := time.LoadLocation(canon); err == nil {
			if isPosix {
				canon = "posix/" + canon
			}
			return &Zone{name: canon, loc: loc}
		}
	}
	return posixZone(strings.ToUpper(name))
}

// posixZone builds a zone from a POSIX rule, or returns nil. The names may be
// empty, and a daylight name without a rule has that of the United States.
func posixZone(upper string) *Zone {
	s := upper
	name := func() (string, bool) {
		if s != "" && s[0] == '<' {
			i := strings.IndexByte(s, '>')
			if i < 0 {
				return "", false
			}
			n := s[1:i]
			s = s[i+1:]
			return n, true
		}
		i := strings.IndexAny(s, "0123456789,-+")
		if i < 0 {
			i = len(s)
		}
		n := s[:i]
		s = s[i:]
		return n, true
	}
	offset := func() (west int, ok bool) {
		i := 0
		neg := false
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			neg = s[i] == '-'
			i++
		}
		unit := 3600
		for ; unit > 0; unit /= 60 {
			start := i
			for i < len(s) && s[i] >= '0' && s[i] <= '9' && i-start < 4 {
				i++
			}
			v, err := strconv.Atoi(s[start:i])
			if err != nil || unit == 3600 && v > 24*7-1 || unit < 3600 && v > 59 {
				return 0, false
			}
			west += v * unit
			if i >= len(s) || s[i] != ':' || unit == 1 {
				break
			}
			i++
		}
		s = s[i:]
		if neg {
			west = -west
		}
		return west, true
	}
	std, ok := name()
	if !ok || s == "" {
		return nil
	}
	west, ok := offset()
	if !ok {
		return nil
	}
	if s == "" {
		return &Zone{name: upper, offset: -west, abbrev: std}
	}
	dst, ok := name()
	if !ok || dst == "" {
		return nil
	}
	dstWest := west - 3600
	if s != "" && s[0] != ',' {
		if dstWest, ok = offset(); !ok {
			return nil
		}
	}
	if s == "" {
		s = ",M3.2.0,M11.1.0"
	}
	if s[0] != ',' {
		return nil
	}
	rule := fmt.Sprintf("<%s>%s<%s>%s%s", std, posixOffset(west), dst, posixOffset(dstWest), s)
	loc, err := time.LoadLocationFromTZData(upper, zoneFile(rule))
	if err != nil {
		return nil
	}
	return &Zone{name: upper, loc: loc}
}

func posixOffset(west int) string {
	sign := ""
	if west < 0 {
		sign, west = "-", -west
	}
	return fmt.Sprintf("%s%d:%02d:%02d", sign, west/3600, west/60%60, west%60)
}

// zoneFile is a TZif file that has only the rule in its footer.
func zoneFile(rule string) []byte {
	head := func(b []byte, version byte, types, chars int) []byte {
		b = append(append(b, "TZif"...), version)
		b = append(b, make([]byte, 15)...)
		for _, n := range []int{0, 0, 0, 0, types, chars} {
			b = binary.BigEndian.AppendUint32(b, uint32(n))
		}
		return b
	}
	b := head(nil, '2', 1, 4)
	body := append(make([]byte, 6), "LMT\x00"...)
	b = append(b, body...)
	b = head(b, '2', 1, 4)
	// one transition in the far past makes the rule apply at every time
	binary.BigEndian.PutUint32(b[len(b)-12:], 1)
	b = binary.BigEndian.AppendUint64(b, uint64(math.MaxUint64-(1<<59)+1))
	b = append(b, 0)
	b = append(b, body...)
	return append(b, "\n"+rule+"\n"...)
}

// FixedZone is SET TIME ZONE with an offset: seconds east of Greenwich, shown
// as <-07>+07.
func FixedZone(east int) *Zone {
	abbrev := offsetText(east)
	z := &Zone{offset: east, abbrev: abbrev}
	z.name = "<" + abbrev + ">" + offsetText(-east)
	return z
}

func offsetText(east int) string {
	sign := '+'
	if east < 0 {
		sign, east = '-', -east
	}
	s := fmt.Sprintf("%c%02d", sign, east/3600)
	if east%3600 != 0 {
		s += fmt.Sprintf(":%02d", east/60%60)
		if east%60 != 0 {
			s += fmt.Sprintf(":%02d", east%60)
		}
	}
	return s
}

// ParseZoneSetting is the value of the parameter TimeZone: a name, a POSIX
// rule, a number of hours east, or "interval '…'". Errors are 22023.
func ParseZoneSetting(value string) (*Zone, error) {
	invalid := func() error {
		return pgerr.Newf(pgerr.InvalidParameterValue, "invalid value for parameter \"TimeZone\": \"%s\"", value)
	}
	if len(value) > 8 && strings.EqualFold(value[:8], "interval") {
		s := strings.TrimSpace(value[8:])
		if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
			return nil, invalid()
		}
		v, err := ParseInterval(s[1:len(s)-1], -1, nil)
		if err != nil {
			return nil, err
		}
		return ZoneFromInterval(v)
	}
	if h, err := strconv.ParseFloat(value, 64); err == nil && h > -168 && h < 168 {
		return FixedZone(int(h * 3600)), nil
	}
	z, err := LoadZone(value)
	if err != nil {
		return nil, invalid()
	}
	return z, nil
}

// ZoneFromInterval is SET TIME ZONE INTERVAL; 22023 for months or days.
func ZoneFromInterval(v Interval) (*Zone, error) {
	if v.Months != 0 {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid interval value for time zone: month not allowed")
	}
	if v.Days != 0 {
		return nil, pgerr.New(pgerr.InvalidParameterValue, "invalid interval value for time zone: day not allowed")
	}
	return FixedZone(int(v.Micros / microsPerSecond)), nil
}

// Name is the value that SHOW TimeZone gives.
func (z *Zone) Name() string { return z.name }

// At returns the offset in seconds east, the abbreviation and whether daylight
// saving is on at a Unix time.
func (z *Zone) At(unix int64) (east int, abbrev string, dst bool) {
	if z.loc == nil {
		return z.offset, z.abbrev, false
	}
	t := time.Unix(unix, 0).In(z.loc)
	abbrev, east = t.Zone()
	return east, abbrev, t.IsDST()
}

// FromLocal returns the offset in seconds east for a local time given in
// seconds since 1970 as if UTC. A time in a gap takes the offset before it, an
// ambiguous one the offset after the change.
func (z *Zone) FromLocal(local int64) (east int) {
	if z.loc == nil {
		return z.offset
	}
	prev := time.Unix(local-secondsPerDay, 0).In(z.loc)
	_, before := prev.Zone()
	_, end := prev.ZoneBounds()
	if end.IsZero() {
		return before
	}
	boundary := end.Unix()
	_, after := end.Zone()
	tb, ta := local-int64(before), local-int64(after)
	switch {
	case tb < boundary && ta < boundary:
		return before
	case tb > boundary && ta >= boundary:
		return after
	case tb > ta:
		return before
	}
	return after
}

// fixedOffset tells whether the zone has one offset for ever.
func (z *Zone) fixedOffset() (east int, ok bool) {
	if z.loc == nil {
		return z.offset, true
	}
	t := time.Unix(0, 0).In(z.loc)
	start, end := t.ZoneBounds()
	_, east = t.Zone()
	return east, start.IsZero() && end.IsZero() || end.IsZero() && start.Unix() < -1<<50
}

// lookupZoneOrAbbrev is the zone argument of AT TIME ZONE: an abbreviation, or
// a full name.
func lookupZoneOrAbbrev(name string) (ab Abbreviation, isAbbrev bool, z *Zone, err error) {
	if a, ok := abbreviations()[strings.ToLower(name)]; ok {
		return a, true, nil, nil
	}
	z, err = LoadZone(name)
	return ab, false, z, err
}
