"""HTTP: thin routes, one file per noun."""
