"""Released models, data and logs: downloaded in parts, resumed, and checked by size and checksum."""
