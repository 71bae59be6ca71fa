"""Run the command as ``python -m haidang``."""

from deploy.cli import main

if __name__ == "__main__":
    main()
