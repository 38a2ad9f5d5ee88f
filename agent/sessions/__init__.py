"""Sessions: the transcript, what a person sees of it, how it is searched, forked and written."""
