"""The published layouts of public data sets; each module reads one."""
