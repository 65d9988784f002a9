"""Pure decisions: no AWS, no clock, no environment. Functions that depend on time take `now` as an argument."""
