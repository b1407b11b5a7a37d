package g

import (
	"slices"
	"strconv"
	"strings"
)

// key is one key of a section, bound to the field that it fills.
type key struct {
	name string
	read func(at place, raw []byte) // fills the field; nil: known, and of no effect
	show func() any                 // the value in force, as the file would have it; nil: nothing to show
}

// readKeys reads the members of one object. Names match in any letter case and
// of a repeated key the last counts, as in the original's decoder; null counts as
// missing.
func readKeys(at place, members []member, keys []key) {
	last := make(map[string][]byte, len(keys))
	for _, m := range members {
		i := slices.IndexFunc(keys, func(k key) bool { return strings.EqualFold(k.name, m.key) })
		if i < 0 {
			at.under(m.key).warn("unknown key, it has no effect", at.report.suggest(m.key, keys))
			continue
		}
		if name := keys[i].name; last[name] != nil {
			at.under(name).warn("the key stands there more than once, the last one counts", "take the others away")
		}
		last[keys[i].name] = m.raw
	}
	for _, k := range keys {
		if raw := last[k.name]; raw != nil && k.read != nil && kindOf(raw) != jsonNull {
			k.read(at.under(k.name), raw)
		}
	}
}

// showKeys returns the values in force in the order of keys.
func showKeys(keys []key) Object {
	var all Object
	for _, k := range keys {
		if k.show == nil {
			continue
		}
		if value := k.show(); value != nil {
			all = append(all, Member{k.name, value})
		}
	}
	return all
}

// section is the key of a whole section. read is called when the file enables it;
// keys returns its keys to be shown, nil while it is disabled. A disabled section
// may hold anything: nobody looks.
func section(name string, read func(at place, members []member), keys func() []key) key {
	return key{
		name: name,
		read: func(at place, raw []byte) {
			if kindOf(raw) != jsonObject {
				at.warn("it is no object, so the section stays disabled", `write it as in {"enabled": true}`)
				return
			}
			if all := members(raw); enabled(at, all) {
				read(at, all)
			}
		},
		show: func() any {
			if all := keys(); all != nil {
				return showKeys(all)
			}
			return Object{{"enabled", false}}
		},
	}
}

// enabled reports whether a section's members enable it.
func enabled(at place, members []member) bool {
	answer := "false"
	for _, m := range members {
		if strings.EqualFold(m.key, enabledKey) {
			answer = string(m.raw)
		}
	}
	if k := kindOf([]byte(answer)); k != jsonBool && k != jsonNull {
		at.under(enabledKey).warn("neither true nor false, so the section stays disabled", "write it without quotes")
	}
	return answer == "true"
}

// enabledKey is the key that every section has.
const enabledKey = "enabled"

// isEnabled is the key "enabled" of a section that is.
func isEnabled() key {
	return key{name: enabledKey, show: func() any { return true }}
}

// unused is a key of the original that has no meaning left; what it says goes to
// n, so that it can be mentioned.
func unused(name string, n *int) key {
	return key{name: name, read: func(_ place, raw []byte) { *n, _ = strconv.Atoi(string(raw)) }}
}

// hideZero shows k, which is bound to value, only where value is not zero.
func hideZero[T comparable](value *T, k key) key {
	show := k.show
	k.show = func() any {
		var zero T
		if *value == zero {
			return nil
		}
		return show()
	}
	return k
}
