"""Sentences about jobs, for commands and panel. What they quote is not sanitized."""

from jupyter_scheduler_aws.api.job_models import JobWarning

__all__ = ["earlier_attempt_text", "warning_text"]


def warning_text(warning: JobWarning) -> str:
    """Return a warning with what it concerns: the names that the service keeps, and how many more there are."""
    more = warning.count - len(warning.names)
    names = [*warning.names, *([f"{more:,} more"] if more > 0 and warning.names else [])]
    return warning.message + (f" ({', '.join(names)})" if names else "")


def earlier_attempt_text(number: int) -> str:
    """Explain that the files of a job are not those of its last attempt."""
    return f"These are the files of attempt {number}: later attempts have made none."
