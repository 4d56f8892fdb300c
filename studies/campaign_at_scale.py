# %% [markdown]
# # What thousands of structures would cost
#
# Sizes are drawn, with repetition, from those of a folder of structures; the cost of each is that
# of `nearsight campaign plan` without a measured campaign. Workers get them in the order in which a
# campaign gives them out. Nothing is computed with a model.
#
#     python studies/campaign_at_scale.py STRUCTURES [--n 31000]
import argparse
import random
from dataclasses import replace

from nearsight.campaigns import read_inputs
from nearsight.campaigns.costs import cost_of_model
from nearsight.campaigns.plan import plan_campaign
from records import markdown_table

N_WORKERS = (1, 64, 256, 1024)
GIB = 2**30


def main() -> None:
    """Draw structures, and print what they would cost."""
    parser = argparse.ArgumentParser(description="the cost of a large campaign")
    parser.add_argument("structures")
    parser.add_argument("--n", type=int, default=31000)
    arguments = parser.parse_args()
    known = [each for each in read_inputs([arguments.structures]) if each.atoms is not None]
    rows = []
    for dtype in ("float64", "float32"):
        cost = cost_of_model("sevennet-0", dtype, "cpu")
        for workflow in ("energy", "relax", "heat-capacity"):
            each = [cost.predict(one.name, one.atoms, workflow) for one in known if one.atoms]
            drawn = random.Random(0).choices(each, k=arguments.n)
            plan = plan_campaign(
                [replace(one, name=f"{number}") for number, one in enumerate(drawn)], N_WORKERS
            )
            memory = sorted(one.memory_bytes for one in drawn)
            rows.append(
                [
                    workflow,
                    dtype,
                    f"{plan.worker_hours:.3g}",
                    *(
                        f"{one.hours:.3g} ({100 * one.busy_share:.0f} %)"
                        for one in plan.packings[1:]
                    ),
                    f"{plan.longest[1]:.2g}",
                    f"{memory[len(memory) // 2] / GIB:.1f}",
                    f"{memory[-1] / GIB:.1f}",
                    f"{100 * sum(one > 4 * GIB for one in memory) / len(memory):.0f} %",
                ]
            )
    header = ["workflow", "precision", "worker h", *(f"h on {n} (busy)" for n in N_WORKERS[1:])]
    last = ["longest / h", "median GiB", "largest GiB", "above 4 GiB"]
    print(markdown_table([*header, *last], rows))


if __name__ == "__main__":
    main()
