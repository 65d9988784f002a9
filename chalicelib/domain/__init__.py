"""Pure decisions: no AWS, no clock, no environment. Whatever depends on time takes `now` as an argument."""
