from hypothesis import settings

# The same examples each time: a red run can be repeated. No deadline: a busy machine is no failure.
settings.register_profile("domain", deadline=None, derandomize=True, database=None, max_examples=200)
settings.load_profile("domain")
