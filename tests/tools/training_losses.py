"""The training loop of the scripts that make references of whole runs with PyTorch."""


def training_losses(net, optimizer, loss_function, images, labels, epochs=5, batch=8):
    """The loss of each step, in the order of the samples; the last batch of an epoch may be smaller."""
    losses = []
    net.train()
    for _ in range(epochs):
        for i in range(0, len(images), batch):
            optimizer.zero_grad()
            loss = loss_function(net(images[i:i + batch]), labels[i:i + batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses
