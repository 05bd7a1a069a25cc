"""The index folder on its disk: `folder` (lock, holder file), `room` (full disks), `damage`."""
