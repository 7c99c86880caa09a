const amounts = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const times = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
// A day or a month is the same everywhere: no time zone may move it.
const days = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });
const months = new Intl.DateTimeFormat("en", { month: "long", year: "numeric", timeZone: "UTC" });

export const formatAmount = (amount: number) => amounts.format(amount);
export const formatTime = (at: Date | string) => times.format(new Date(at));
export const formatDay = (day: string) => days.format(new Date(`${day}T00:00Z`));
export const formatMonth = (month: string) => months.format(new Date(`${month}-01T00:00Z`));
