# The loop.
import argparse
import json

import torch
import torch.nn.functional as F


def freeze(model):
    """Trains what the recipe trains: the rest keeps its weights."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(is_trained(name))


def begin_training(model):
    """Statistics follow the batches, and what drops does so, but where it is frozen."""
    model.train()
    for name in STILL:
        model.get_submodule(name).eval()


def targets(labels):
    """Labels as the loss takes them."""
    return F.one_hot(labels, len(LABELS)).float() if ONE_HOT else labels


def loss_of(model, criterion, logits, labels):
    """What training makes small; numbers are compared in the units that they are learnt in."""
    if STANDARDIZE:
        logits, labels = model.targets.own(logits), model.targets.own(labels)
    return criterion(logits, labels)


def logits_of(model, images):
    """The first output, which loss and answers are made of."""
    outputs = model(images)
    return outputs[0] if isinstance(outputs, tuple) else outputs


def evaluate(model, criterion, samples):
    """Mean loss; and it, with the share of right answers where labels are classes, as text."""
    model.eval()
    total, right = 0.0, 0
    with torch.no_grad():
        for images, labels in torch.utils.data.DataLoader(samples, BATCH):
            logits = logits_of(model, images)
            loss = loss_of(model, criterion, logits, targets(labels))
            total += loss.item() * len(images)
            if labels.dim() == 1:
                right += (logits.argmax(1) == labels).sum().item()
    accuracy = f"  accuracy {right / len(samples):.2%}" if labels.dim() == 1 else ""
    return total / len(samples), f"loss {total / len(samples):.4f}{accuracy}"


def split(samples):
    """What trains and what validates."""
    validation = validation_data()
    if validation is not None or not VALIDATION:
        return samples, validation
    count = round(len(samples) * VALIDATION / 100)
    drawn = torch.Generator().manual_seed(SEED)
    return torch.utils.data.random_split(samples, [len(samples) - count, count], drawn)


def clip_gradients(parameters):
    """Brings gradients to what a step takes of them."""
    if CLIP_NORM:
        torch.nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
    if CLIP_VALUE:
        torch.nn.utils.clip_grad_value_(parameters, CLIP_VALUE)


def train_step(model, criterion, optimizer, images, labels):
    """One step; its loss."""
    labels = targets(labels)
    if MIX:
        images, labels = MIX(images, labels)
    loss = loss_of(model, criterion, logits_of(model, images), labels)
    optimizer.zero_grad()
    loss.backward()
    clip_gradients([p for group in optimizer.param_groups for p in group["params"]])
    optimizer.step()
    return loss.item()


def train(model, limit=None, log=None):
    """Trains for all epochs, or so many steps at most; writes losses to the file `log`."""
    samples, validation = split(training_data())
    batches = torch.utils.data.DataLoader(samples, BATCH, shuffle=SHUFFLE)
    steps = min(EPOCHS * len(batches), limit or EPOCHS * len(batches))
    freeze(model)
    if STANDARDIZE:
        model.targets.measure(torch.stack([torch.as_tensor(label) for _, label in samples]))
    criterion = make_loss()
    optimizer = make_optimizer([p for p in model.parameters() if p.requires_grad])
    schedule = make_schedule(optimizer, steps, len(batches))
    step = 0
    for epoch in range(1, EPOCHS + 1):
        begin_training(model)
        total = 0.0
        for images, labels in batches:
            if step == steps:
                return
            step += 1
            loss = train_step(model, criterion, optimizer, images, labels)
            total += loss * len(images)
            if log:
                print(json.dumps({"step": step, "epoch": epoch, "loss": loss}), file=log)
            if getattr(schedule, "every_step", False):
                schedule.step()
        loss = total / len(samples)
        if validation is not None:
            loss, figures = evaluate(model, criterion, validation)
            print(f"epoch {epoch}/{EPOCHS}  validation {figures}")
        if isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            schedule.step(loss)
        elif not getattr(schedule, "every_step", False):
            schedule.step()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--init", type=pathlib.Path, help="begin with a trained file")
    parser.add_argument("--steps", type=int, help="stop after so many steps")
    parser.add_argument("--out", help="write the weights to a file")
    parser.add_argument("--log", type=argparse.FileType("w"), help="write losses to a file")
    options = parser.parse_args()
    torch.manual_seed(SEED)
    model = make_model()
    if options.init:
        take_weights(model, read_weights(options.init), names=TRAINED_NAMES)
    train(model, options.steps, options.log)
    test = test_data()
    if test is not None:
        print("test", evaluate(model, make_loss(), test)[1])
    if options.out:
        write_weights(model, options.out)


if __name__ == "__main__":
    main()
