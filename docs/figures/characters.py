from style import Drawing


def char_model() -> Drawing:
    return Drawing(720, 400)


def sampling() -> Drawing:
    return Drawing(720, 400)
