from style import Drawing


def padding() -> Drawing:
    return Drawing(720, 400)


def masked_step() -> Drawing:
    return Drawing(720, 400)
