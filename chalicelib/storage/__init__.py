"""Access to AWS: one class for each backend, without decisions. Failed calls raise `AwsError`."""
