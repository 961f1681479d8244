"""What the readers promise, shown on documents of every format: the report, the torture sets, bombs and fuzz."""
