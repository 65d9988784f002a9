"""Job definitions: requests, schedules, due times and the jobs that they create."""
