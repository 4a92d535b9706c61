"""The app: ``streamlit run app.py`` opens it."""

from opscope.pages.frame import show

show()
