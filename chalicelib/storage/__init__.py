"""Effects: one class for each AWS backend. No decisions are made here."""
