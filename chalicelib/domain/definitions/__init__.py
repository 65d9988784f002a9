"""Job definitions: what a request may ask for, which minutes are due, and the job of each."""
