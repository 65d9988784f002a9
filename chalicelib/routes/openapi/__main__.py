"""Write the checked-in document: `python -m chalicelib.routes.openapi`."""

from chalicelib.routes.openapi.document import DOCUMENT, make_document, render

__all__: list[str] = []

if __name__ == "__main__":
    DOCUMENT.write_text(render(make_document()), encoding="utf-8")
