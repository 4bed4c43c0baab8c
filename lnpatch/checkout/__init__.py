"""Git checkouts: clone one, read it, record what lnpatch does to it, write all of a change or nothing, commit."""
