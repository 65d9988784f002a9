from runner.retry import backoff_delays


def test_delays_double_until_the_time_is_used_up() -> None:
    delays = list(zip(range(4), backoff_delays(total_seconds=100), strict=False))

    for index, delay in delays:
        assert 0.25 * 2**index <= delay <= 0.75 * 2**index
    assert list(backoff_delays(total_seconds=0)) == []
