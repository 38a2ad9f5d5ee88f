"""Steps: an action is looked at, judged, let through, carried out, and its outcome told."""
