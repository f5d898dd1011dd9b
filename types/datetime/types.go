// Package datetime is PostgreSQL's date, time, timestamp and interval types:
// their text forms, arithmetic, fields and templates.
//
// It exists because Go's time package has neither PostgreSQL's range
// (4714 BC to 294276 AD), nor its input grammar, nor its rules for gaps and
// overlaps of local time; only the zone rules themselves come from Go's copy of
// the IANA database.
//
// Invariants: the calendar is proleptic Gregorian; year 0 inside is 1 BC
// outside; zones inside TimeTZ and fields are seconds WEST of Greenwich as
// PostgreSQL keeps them, while Zone answers seconds EAST; infinite values are
// the extremes of their integer type and never enter arithmetic.
package datetime

import (
	"math"

	"datapunk/internal/pgerr"
)

// Date is days since 2000-01-01.
type Date int32

// Timestamp is microseconds since 2000-01-01 00:00, local for timestamp and
// UTC for timestamptz.
type Timestamp int64

// Time is microseconds since midnight, 0 to 24:00 included.
type Time int64

// TimeTZ is a time with its zone.
type TimeTZ struct {
	Micros int64 // microseconds since midnight, local
	Zone   int32 // seconds west of Greenwich
}

// Interval is a span; the three parts are independent and may differ in sign.
type Interval struct {
	Micros int64
	Days   int32
	Months int32
}

// Infinite values.
const (
	DateInfinity         Date      = math.MaxInt32
	DateNegInfinity      Date      = math.MinInt32
	TimestampInfinity    Timestamp = math.MaxInt64
	TimestampNegInfinity Timestamp = math.MinInt64
	minTimestamp         Timestamp = -211813488000000000
	endTimestamp         Timestamp = 9223371331200000000
	minDate              Date      = -epochJulian
	endDate              Date      = 2147483494 - epochJulian
	endTimestampDate     Date      = 109203528 - epochJulian
	microsPerDay                   = 86400 * 1000000
	microsPerHour                  = 3600 * 1000000
	microsPerMinute                = 60 * 1000000
	microsPerSecond                = 1000000
	secondsPerDay                  = 86400
	unixEpochSeconds               = 946684800 // 2000-01-01 in Unix time
	epochJulian                    = 2451545
	unixJulian                     = 2440588
	maxZoneSeconds                 = 16 * 3600 // exclusive
)

// DateOrder is the order of day, month and year in ambiguous input.
type DateOrder uint8

// Orders.
const (
	MDY DateOrder = iota
	DMY
	YMD
)

// DateStyle is the output form of dates.
type DateStyle uint8

// Styles.
const (
	StyleISO DateStyle = iota
	StyleSQL
	StylePostgres
	StyleGerman
	styleXSD
)

// IntervalStyle is the output form of intervals.
type IntervalStyle uint8

// Interval styles.
const (
	IntervalPostgres IntervalStyle = iota
	IntervalPostgresVerbose
	IntervalSQLStandard
	IntervalISO8601
)

// Style is the session state that input and output depend on. A nil Zone is
// UTC; a nil Now is the epoch.
type Style struct {
	DateOrder     DateOrder
	DateStyle     DateStyle
	IntervalStyle IntervalStyle
	Zone          *Zone
	Now           func() Timestamp // start of the transaction, UTC
}

func (s *Style) zone() *Zone {
	if s == nil || s.Zone == nil {
		return UTC
	}
	return s.Zone
}

func (s *Style) now() Timestamp {
	if s == nil || s.Now == nil {
		return 0
	}
	return s.Now()
}

// IsFinite tells whether d is not an infinity.
func (d Date) IsFinite() bool { return d != DateInfinity && d != DateNegInfinity }

// IsFinite tells whether t is not an infinity.
func (t Timestamp) IsFinite() bool { return t != TimestampInfinity && t != TimestampNegInfinity }

func (t Timestamp) valid() bool { return t >= minTimestamp && t < endTimestamp }

func (d Date) valid() bool { return d >= minDate && d < endDate }

func timestampRange() error {
	return pgerr.New(pgerr.DatetimeValueOutOfRange, "timestamp out of range")
}

func intervalRange() error {
	return pgerr.New(pgerr.DatetimeValueOutOfRange, "interval out of range")
}

func dateRange() error { return pgerr.New(pgerr.DatetimeValueOutOfRange, "date out of range") }

// fields is a broken-down date and time.
type fields struct {
	year, mon, day int // year 0 is 1 BC
	hour, min, sec int
	micros         int // of the second
	wday, yday     int
	zone           int // seconds west
	abbrev         string
	dst            bool
}

func (f *fields) timeMicros() int64 {
	return int64((f.hour*60+f.min)*60+f.sec)*microsPerSecond + int64(f.micros)
}

func (f *fields) setTime(us int64) {
	f.hour = int(us / microsPerHour)
	us -= int64(f.hour) * microsPerHour
	f.min = int(us / microsPerMinute)
	us -= int64(f.min) * microsPerMinute
	f.sec = int(us / microsPerSecond)
	f.micros = int(us % microsPerSecond)
}

// localSeconds is the local time in seconds since 1970, as if it were UTC.
func (f *fields) localSeconds() int64 {
	return int64(julian(f.year, f.mon, f.day)-unixJulian)*secondsPerDay + int64((f.hour*60+f.min)*60+f.sec)
}

// split breaks a local timestamp down.
func (t Timestamp) split(f *fields) {
	days, us := floorDiv(int64(t), microsPerDay)
	f.year, f.mon, f.day = fromJulian(int(days) + epochJulian)
	f.setTime(us)
}

// splitIn breaks a UTC timestamp down in a zone.
func (t Timestamp) splitIn(z *Zone, f *fields) {
	sec, _ := floorDiv(int64(t), microsPerSecond)
	off, ab, dst := z.At(sec + unixEpochSeconds)
	f.zone, f.abbrev, f.dst = -off, ab, dst
	days, us := floorDiv(int64(t), microsPerDay)
	us += int64(off) * microsPerSecond
	if us < 0 {
		us += microsPerDay
		days--
	} else if us >= microsPerDay {
		us -= microsPerDay
		days++
	}
	f.year, f.mon, f.day = fromJulian(int(days) + epochJulian)
	f.setTime(us)
}

func floorDiv(a, b int64) (q, r int64) {
	q, r = a/b, a%b
	if r < 0 {
		q--
		r += b
	}
	return
}
