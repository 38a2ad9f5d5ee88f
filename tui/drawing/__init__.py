"""Drawing: text as cells, where areas lie, and tables, bars and diffs as rows."""
