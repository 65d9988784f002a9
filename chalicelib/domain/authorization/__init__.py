"""Who is calling, whose jobs these are, and who may do what."""
