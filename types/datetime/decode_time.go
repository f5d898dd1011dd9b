package datetime

import "strings"

// decodeTime reads a time of day with an optional zone and date.
func (d *decoder) decodeTime(s string) (r result, err error) {
	d.timeOnly = true
	var l lexer
	if !l.split(s) {
		return badFormat, nil
	}
	tm := &d.tm
	for i := range l.n {
		f := &l.fields[i]
		var tmask uint32
		r = decodeOK
		switch f.typ {
		case ftDate:
			if i == 0 && l.n >= 2 && (l.fields[l.n-1].typ == ftDate || l.fields[1].typ == ftTime) {
				tmask, r = d.date(f.text, d.mask)
				break
			}
			if isDigit(f.text[0]) {
				if d.mask&maskTime == maskTime {
					return badFormat, nil
				}
				p := strings.IndexByte(f.text, '-')
				if p < 0 {
					return badFormat, nil
				}
				if tm.zone, r = decodeZone(f.text[p:]); r != decodeOK {
					return r, nil
				}
				tmask, f.typ, r = d.run(f.text[:p], d.mask|maskDate)
				tmask |= bit(kZone)
				d.label = 0
			} else {
				if d.named, err = LoadZone(f.text); err != nil {
					return badFormat, err
				}
				f.typ = ftZone
				tmask = bit(kZone)
			}
		case ftTime:
			d.label = 0
			tmask, r = d.clock(f.text)
		case ftZone:
			tm.zone, r = decodeZone(f.text)
			tmask = bit(kZone)
		case ftNumber:
			p := strings.IndexByte(f.text, '.')
			switch {
			case d.label != 0:
				tmask, r = d.labelled(f.text)
				f.typ = ftTime
			case p >= 0 && i == 0 && l.n >= 2 && l.fields[l.n-1].typ == ftDate:
				tmask, r = d.date(f.text, d.mask)
			case p > 2, p < 0 && len(f.text) > 4:
				tmask, f.typ, r = d.run(f.text, d.mask|maskDate)
			case p >= 0:
				r = badFormat
			default:
				tmask, r = d.number(f.text, false, d.mask|maskDate)
			}
		default:
			var skip bool
			tmask, skip, r = d.word(&l, i)
			if skip {
				continue
			}
		}
		if r != decodeOK {
			return r, nil
		}
		if tmask&d.mask != 0 {
			return badFormat, nil
		}
		d.mask |= tmask
	}
	if r = d.validate(); r != decodeOK {
		return r, nil
	}
	if r = d.meridian(); r != decodeOK {
		return r, nil
	}
	if timeOverflows(tm) {
		return fieldOverflow, nil
	}
	if d.mask&maskTime != maskTime {
		return badFormat, nil
	}
	return d.timeZone(), nil
}

// timeZone finds the zone of a time of day, on its date or today.
func (d *decoder) timeZone() result {
	tm := &d.tm
	hasDate := d.mask&maskDate == maskDate
	modified := d.mask&bit(kDSTMod) != 0
	if (d.named != nil || d.dynamic != nil) && modified {
		return badFormat
	}
	if d.named != nil {
		if east, ok := d.named.fixedOffset(); ok {
			tm.zone = -east
		} else if !hasDate {
			return badFormat
		} else {
			tm.zone = d.zoneWest(d.named)
		}
	}
	at := *tm
	if !hasDate {
		var now fields
		d.style.now().splitIn(d.style.zone(), &now)
		at.year, at.mon, at.day = now.year, now.mon, now.day
	}
	if d.dynamic != nil {
		off, _ := d.dynamic.offsetLocal(&at)
		tm.zone = -off
	}
	if d.mask&bit(kZone) == 0 {
		if modified || d.mask&maskDate != 0 && !hasDate {
			return badFormat
		}
		if validJulian(at.year, at.mon) {
			tm.zone = -d.style.zone().FromLocal(at.localSeconds())
		}
	}
	return decodeOK
}
