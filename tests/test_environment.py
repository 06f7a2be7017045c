def test_x(environment):
    assert environment.backend
