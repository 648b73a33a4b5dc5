"""Pictures of the pages, from the demo's clinic on a fixed day: `make screenshots`."""
