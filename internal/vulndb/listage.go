package vulndb

import "time"

// listsAsOf says when KEV, EPSS or both were what their sources had.
func (m *Manifest) listsAsOf(at time.Time, kev, epss bool) {
	text := at.UTC().Format(time.RFC3339)
	if kev {
		m.KEVAsOf = text
	}
	if epss {
		m.EPSSAsOf = text
	}
}

// listAsOf is when a list was what its source had, RFC 3339, of all that is known: its
// own date, when it was built or fetched, and when its source was last heard of; empty
// for a list that is not there, or where nobody knows.
func listAsOf(date, built string, checked time.Time) string {
	if date == "" {
		return ""
	}
	newest, known := time.Time{}, false
	for _, t := range []struct{ layout, text string }{{time.DateOnly, date}, {time.RFC3339, built}} {
		if at, err := time.Parse(t.layout, t.text); err == nil && (!known || at.After(newest)) {
			newest, known = at, true
		}
	}
	if !checked.IsZero() && (!known || checked.After(newest)) {
		newest, known = checked, true
	}
	if !known {
		return ""
	}
	return newest.UTC().Format(time.RFC3339)
}

// KEVAsOf and EPSSAsOf are when both lists were what their sources had, RFC 3339; empty
// for a list that is not there, or where nobody knows.
func (db *Database) KEVAsOf() string {
	return listAsOf(db.extras.kevDate, db.manifest.KEVAsOf, db.state.checked(sourceKEV))
}

// EPSSAsOf is what KEVAsOf is.
func (db *Database) EPSSAsOf() string {
	return listAsOf(db.extras.epssDate, db.manifest.EPSSAsOf, db.state.checked(sourceEPSS))
}
