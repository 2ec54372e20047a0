import { sleep } from "./time";

export async function fetchOrder(id: string): Promise<Order> {
  let tries = 3;
  while (true) {
    const answer = await fetch(`/orders/${id}`);
    if (answer.ok) return answer.json();
    if (--tries === 0) throw new Error(`order ${id}: ${answer.status}`);
    await sleep(200);
  }
}
